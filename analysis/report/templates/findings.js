// The list of all findings: reads the full table that readers without scripts see, and shows it with facets, search,
// order, links and commands. Only what is in view is built.
(function () {
  "use strict";
  var STEP = 40, PLACES = 4, AROUND = 3, MOST_PRINTED = 500;
  var SEVERITIES = ["P0", "P1", "P2", "P3"];
  function make(name, options, inner) {
    var element = document.createElement(name);
    Object.keys(options || {}).forEach(function (key) {
      if (key === "text") { element.textContent = options.text; }
      else if (key.slice(0, 2) === "on") { element.addEventListener(key.slice(2), options[key]); }
      else { element.setAttribute(key, options[key]); }
    });
    (inner || []).forEach(function (each) { element.append(each); });
    return element;
  }
  function recall(key) { try { return localStorage.getItem(key) || ""; } catch (error) { return ""; } }
  function remember(key, value) { try { localStorage.setItem(key, value); } catch (error) { /* not allowed here */ } }
  function count(number, noun) { return number.toLocaleString("en") + " " + noun + (number === 1 ? "" : "s"); }
  function quote(path) { return path.split("/").map(encodeURIComponent).join("/"); }

  function read(app) {
    var parsed = new DOMParser().parseFromString(app.querySelector("noscript").textContent, "text/html");
    var found = [];
    parsed.querySelectorAll("section").forEach(function (section) {
      section.querySelectorAll("table").forEach(function (table) {
        var about = table.dataset;
        var rule = { name: about.rule, title: about.title, meaning: about.meaning, remedy: about.remedy,
          cause: section.dataset.title, why: section.dataset.meaning };
        Array.from(table.tBodies[0].rows).forEach(function (row) {
          var data = row.dataset, cells = row.cells;
          var places = Array.from(cells[2].querySelectorAll("span")).map(function (span) {
            var text = span.textContent, at = text.lastIndexOf(":");
            return { path: text.slice(0, at), line: Number(text.slice(at + 1)) };
          });
          var one = { id: cells[3].textContent, severity: cells[0].textContent, rule: rule, subject: data.s,
            message: cells[1].firstChild.textContent.trim(), places: places, certainty: data.c, owner: data.o, package: data.p,
            cause: data.k, tests: Boolean(data.t), fresh: Boolean(data.n), hidden: Number(data.h || 0), words: data.w,
            commands: data.q ? data.q.split("\n") : [], view: data.e, introduced: data.i, commit: data.u, order: found.length };
          one.size = places.length + one.hidden;
          one.text = [one.id, one.message, one.subject, rule.name, rule.title, one.owner].concat(
            places.map(function (place) { return place.path + ":" + place.line; })).join("\n").toLowerCase();
          found.push(one);
        });
      });
    });
    return found;
  }

  function start(app) {
    if (app.dataset.started) { return; }
    app.dataset.started = "yes";
    var all = read(app), byId = new Map(all.map(function (one) { return [one.id, one]; }));
    var level = Number(app.dataset.level), since = app.dataset.since, host = app.dataset.url, lines = null;
    var titles = new Map(all.map(function (one) { return [one.rule.name, one.rule.title]; }));
    var facets = [
      { key: "severity", title: "Severity", of: function (one) { return one.severity; } },
      { key: "rule", title: "Rule", of: function (one) { return one.rule.name; }, show: function (value) { return titles.get(value); } },
      { key: "package", title: "Package", of: function (one) { return one.package || "none"; } },
      { key: "owner", title: "Owner", of: function (one) { return one.owner || "nobody"; } },
      { key: "new", title: "New", of: function (one) { return since ? (one.fresh ? "new" : "known") : "unknown"; } },
      { key: "certainty", title: "Certainty", of: function (one) { return one.certainty; } },
      { key: "code", title: "Code", of: function (one) { return one.tests ? "tests" : "product"; } },
      { key: "kind", title: "Kind", of: function (one) { return one.cause ? "consequence" : "finding"; } }
    ];
    facets.forEach(function (facet) { facet.chosen = new Set(); facet.boxes = new Map(); });
    var words = [], order = "cause", shown = [], built = 0, lastCause = "", lastRule = "", cards = new Map();

    var said = make("div", { class: "said", role: "status" });
    function say(text) { said.textContent = text; clearTimeout(say.timer); say.timer = setTimeout(function () { said.textContent = ""; }, 2500); }
    function copy(text) {
      function done() { say("Copied: " + text); }
      function byHand() {
        var area = make("textarea", { class: "unseen" });
        area.value = text; document.body.append(area); area.select();
        var worked = document.execCommand("copy"); area.remove();
        if (worked) { done(); } else { say("Copy it by hand: " + text); }
      }
      if (navigator.clipboard && window.isSecureContext) { navigator.clipboard.writeText(text).then(done, byHand); } else { byHand(); }
    }

    // Where a click on a place leads: the reader's choice, remembered.
    var ways = [["copy", "copy the path"], ["vscode", "VS Code"], ["pycharm", "PyCharm"]];
    if (/^https?:\/\//.test(host)) { ways.unshift(["host", "the code host"]); }
    var way = recall("ssot.open"), folder = recall("ssot.folder") || app.dataset.root;
    if (!ways.some(function (each) { return each[0] === way; })) { way = ways[0][0]; }
    function address(place) {
      var path = folder.replace(/\/+$/, "") + "/" + place.path;
      if (way === "vscode") { return "vscode://file" + (path[0] === "/" ? "" : "/") + quote(path) + ":" + place.line; }
      if (way === "pycharm") { return "pycharm://open?file=" + encodeURIComponent(path) + "&line=" + place.line; }
      return host.split("{revision}").join(encodeURIComponent(app.dataset.revision)).split("{path}").join(quote(place.path))
        .split("{line}").join(String(place.line));
    }
    function link(place) {
      var text = place.path + ":" + place.line;
      if (way === "copy") { return make("button", { type: "button", text: text, title: "Copy the path", onclick: function () { copy(text); } }); }
      return make("a", { href: address(place), rel: "noopener noreferrer", text: text });
    }

    function excerpt(place) {
      if (!lines) { lines = JSON.parse(app.querySelector(".findings-lines").textContent); }
      var own = lines[place.path] || {}, rows = [], from = place.line, to = place.line;
      if (own[place.line] === undefined) { return ""; }
      while (place.line - from < AROUND && own[from - 1] !== undefined) { from -= 1; }
      while (to - place.line < AROUND && own[to + 1] !== undefined) { to += 1; }
      for (var number = from; number <= to; number += 1) {
        var row = make("div", number === place.line ? { class: "hit" } : {}, [make("i", { text: String(number), "aria-hidden": "true" })]);
        if (number === place.line) { row.append(make("span", { class: "unseen", text: "this line: " })); }
        row.append(make("span", { text: own[number] || " " }));
        rows.push(row);
      }
      return make("div", { class: "excerpt", tabindex: "0", role: "group", "aria-label": "Source at " + place.path + ":" + place.line }, rows);
    }
    function showPlaces(one, box, from) {
      box.textContent = "";
      one.places.slice(from, from + PLACES).forEach(function (place) { box.append(make("div", { class: "place" }, [link(place), excerpt(place)])); });
      var last = Math.min(from + PLACES, one.places.length), rest = one.hidden ? "; " + count(one.hidden, "more place") + " not listed" : "";
      if (one.places.length <= PLACES && !one.hidden) { return; }
      box.append(make("div", { class: "pager" }, [
        make("button", Object.assign({ type: "button", text: "Previous places", onclick: function () { showPlaces(one, box, from - PLACES); } }, from ? {} : { disabled: "" })),
        make("span", { text: "Places " + (from + 1) + " to " + last + " of " + one.places.length + rest }),
        make("button", Object.assign({ type: "button", text: "Next places", onclick: function () { showPlaces(one, box, from + PLACES); } }, last < one.places.length ? {} : { disabled: "" }))
      ]));
    }
    function fill(card) {
      var one = byId.get(card.id.slice(2)), inside = make("div", { class: "inside" });
      if (card.dataset.way) { card.lastElementChild.remove(); }
      card.dataset.way = way + folder;
      var facts = [one.words, one.certainty === "static" ? "from the source" : one.certainty];
      if (one.package) { facts.push("package " + one.package); }
      if (one.owner) { facts.push("owner " + one.owner); }
      inside.append(make("p", { class: "facts", text: facts.join(" · ") + " · " }, [make("a", { href: "#f-" + one.id, text: "link to this finding" })]));
      if (one.introduced) {
        inside.append(make("p", { class: "facts" }, [one.commit ?
          make("a", { href: one.commit, rel: "noopener noreferrer", text: one.introduced }) : one.introduced]));
      }
      if (one.view) { inside.append(make("p", {}, [make("a", { href: app.dataset.explorer + "#" + one.view, text: "Show it in the explorer" })])); }
      if (byId.has(one.cause)) {
        inside.append(make("p", {}, ["The fix of another finding removes it too: ", make("a", { href: "#f-" + one.cause, text: byId.get(one.cause).message })]));
      }
      inside.append(make("p", {}, [make("strong", { text: "Fix: " }), one.rule.remedy]));
      var box = make("div", {});
      showPlaces(one, box, 0);
      inside.append(box, make("p", { class: "facts", text: "In the folder of the code:" }));
      one.commands.concat(app.dataset.accept.replace("{fingerprint}", one.id)).forEach(function (command) {
        inside.append(make("div", { class: "command" }, [make("code", { text: command }),
          make("button", { type: "button", text: "Copy", "aria-label": "Copy the command " + command.split(" ").slice(0, 2).join(" "), onclick: function () { copy(command); } })]));
      });
      card.append(inside);
    }
    function build(one) {
      var marks = make("span", { class: "marks" });
      if (one.fresh) { marks.append(make("span", { class: "new", text: "new" })); }
      if (one.tests) { marks.append(make("span", { text: "tests" })); }
      if (one.cause) { marks.append(make("span", { text: "consequence" })); }
      if (one.certainty !== "static") { marks.append(make("span", { text: one.certainty })); }
      var first = one.places[0], more = one.size > 1 ? " and " + count(one.size - 1, "more place") : "";
      var card = make("details", { class: "card", id: "f-" + one.id, ontoggle: function () { if (card.open && card.dataset.way !== way + folder) { fill(card); } } }, [
        make("summary", {}, [make("span", { class: "severity " + one.severity.toLowerCase(), text: one.severity }),
          make("span", { class: "text", text: one.message }), marks,
          make("span", { class: "where", text: (order === "cause" ? "" : one.rule.title + " · ") + (first ? first.path + ":" + first.line + more : one.subject) })])
      ]);
      cards.set(one.id, card);
      return card;
    }

    var list = make("div", { class: "list" });
    var more = make("button", { type: "button", class: "more", onclick: function () { grow(built + STEP); } });
    function grow(wanted) {
      var piece = document.createDocumentFragment();
      for (; built < Math.min(wanted, shown.length); built += 1) {
        var one = shown[built];
        if (order === "cause" && one.rule.cause !== lastCause) {
          lastCause = one.rule.cause; lastRule = "";
          piece.append(make("h" + level, { text: lastCause }), make("p", { class: "why", text: one.rule.why }));
        }
        if (order === "cause" && one.rule.name !== lastRule) {
          lastRule = one.rule.name;
          piece.append(make("h" + (level + 1), { class: "rule-head", text: one.rule.title }), make("p", { class: "why", text: one.rule.meaning }));
        }
        piece.append(build(one));
      }
      list.append(piece);
      more.hidden = built >= shown.length;
      more.textContent = "Show more (" + (shown.length - built).toLocaleString("en") + " left)";
    }

    function fits(one, except) {
      return words.every(function (word) { return one.text.indexOf(word) >= 0; }) && facets.every(function (facet) {
        return facet === except || !facet.chosen.size || facet.chosen.has(facet.of(one));
      });
    }
    var orders = {
      cause: function (a, b) { return a.order - b.order; },
      severity: function (a, b) { return a.severity < b.severity ? -1 : a.severity > b.severity ? 1 : a.order - b.order; },
      places: function (a, b) { return b.size - a.size || a.order - b.order; },
      path: function (a, b) {
        var x = a.places[0] || { path: "\uffff", line: 0 }, y = b.places[0] || { path: "\uffff", line: 0 };
        return x.path < y.path ? -1 : x.path > y.path ? 1 : x.line - y.line || a.order - b.order;
      },
      package: function (a, b) { return a.package < b.package ? -1 : a.package > b.package ? 1 : a.order - b.order; }
    };
    var hits = make("p", { class: "hits", role: "status" });
    function update() {
      shown = all.filter(function (one) { return fits(one); }).sort(orders[order]);
      list.textContent = ""; cards.clear(); built = 0; lastCause = lastRule = "";
      grow(STEP);
      var own = shown.filter(function (one) { return !one.cause; }).length, rest = shown.length - own;
      hits.textContent = shown.length === all.length ? "All are shown." : "Shown: " + count(own, "finding") + (rest ? " and " + count(rest, "consequence") : "") + ".";
      facets.forEach(function (facet) {
        var counts = new Map();
        all.forEach(function (one) { if (fits(one, facet)) { var value = facet.of(one); counts.set(value, (counts.get(value) || 0) + 1); } });
        facet.boxes.forEach(function (box, value) {
          box.input.checked = facet.chosen.has(value);
          box.number.textContent = (counts.get(value) || 0).toLocaleString("en");
        });
        if (facet.part) {
          facet.part.classList.toggle("chosen", facet.chosen.size > 0);
          facet.head.textContent = facet.title + (facet.chosen.size ? ": " + facet.chosen.size : "");
        }
      });
      clear.disabled = !words.length && facets.every(function (facet) { return !facet.chosen.size; });
    }

    var search = make("input", { type: "search", placeholder: "name, path, rule, fingerprint", autocomplete: "off", spellcheck: "false", oninput: function () {
      clearTimeout(search.timer);
      search.timer = setTimeout(function () { words = search.value.toLowerCase().split(/\s+/).filter(Boolean); update(); }, 80);
    } });
    var sort = make("select", { onchange: function () { order = sort.value; update(); } }, [["cause", "cause and rule"], ["severity", "severity"],
      ["places", "most places"], ["path", "path"], ["package", "package"]].map(function (each) { return make("option", { value: each[0], text: each[1] }); }));
    var opening = make("select", { onchange: function () { way = opening.value; remember("ssot.open", way); reopen(); } },
      ways.map(function (each) { return make("option", { value: each[0], text: each[1] }); }));
    opening.value = way;
    var place = make("input", { type: "text", value: folder, onchange: function () { folder = place.value; remember("ssot.folder", folder); reopen(); } });
    var where = make("label", { class: "wide", text: "Folder of the code on this computer" }, [place]);
    function reopen() { where.hidden = way !== "vscode" && way !== "pycharm"; cards.forEach(function (card) { if (card.open) { fill(card); } else if (card.dataset.way) { card.lastElementChild.remove(); delete card.dataset.way; } }); }
    function reset() { words = []; search.value = ""; facets.forEach(function (facet) { facet.chosen.clear(); }); }
    var clear = make("button", { type: "button", text: "Clear filters", onclick: function () { reset(); update(); search.focus(); } });
    var bar = make("div", { class: "bar" }, [make("label", { class: "wide", text: "Search ( / )" }, [search]), make("label", { text: "Order by" }, [sort]),
      make("label", { text: "A place opens in" }, [opening]), where, clear]);

    var row = make("div", { class: "facets" });
    facets.forEach(function (facet) {
      var values = Array.from(new Set(all.map(facet.of)));
      if (values.length < 2) { return; }
      values.sort(function (a, b) { return SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b) || (a < b ? -1 : 1); });
      facet.head = make("span", { text: facet.title });
      var fields = make("fieldset", {}, [make("legend", { class: "unseen", text: facet.title })]);
      values.forEach(function (value) {
        var input = make("input", { type: "checkbox", value: value, onchange: function () { if (input.checked) { facet.chosen.add(value); } else { facet.chosen.delete(value); } update(); } });
        var number = make("span", { class: "n" });
        facet.boxes.set(value, { input: input, number: number });
        fields.append(make("label", {}, [input, make("span", { text: facet.show ? facet.show(value) : value }), number]));
      });
      facet.part = make("details", { class: "facet", "data-facet": facet.key, ontoggle: function () {
        if (facet.part.open) { row.querySelectorAll("details[open]").forEach(function (other) { if (other !== facet.part) { other.open = false; } }); }
      } }, [make("summary", {}, [facet.head]), fields]);
      row.append(facet.part);
    });

    // In the single file the list is inside a part that opens.
    function unfold() { for (var part = app; part; part = part.parentElement) { if (part.tagName === "DETAILS") { part.open = true; } } }
    function follow() {
      var hash = decodeURIComponent(location.hash.slice(1));
      if (/^f-/.test(hash) && byId.has(hash.slice(2))) {
        unfold();
        var one = byId.get(hash.slice(2));
        if (shown.indexOf(one) < 0) { reset(); update(); }
        grow(shown.indexOf(one) + 1);
        var card = cards.get(one.id);
        if (!card.dataset.way) { fill(card); }
        card.open = true;
        card.scrollIntoView({ block: "start" });
        card.querySelector("summary").focus({ preventScroll: true });
        return;
      }
      var pairs = Array.from(new URLSearchParams(location.hash.slice(1))).filter(function (pair) {
        return facets.some(function (facet) { return facet.key === pair[0] && facet.boxes.has(pair[1]); });
      });
      if (!pairs.length) { return; }
      unfold();
      reset();
      pairs.forEach(function (pair) { facets.find(function (facet) { return facet.key === pair[0]; }).chosen.add(pair[1]); });
      update();
      app.scrollIntoView({ block: "start" });
    }
    function isInView() { var box = app.getBoundingClientRect(); return box.top < innerHeight && box.bottom > 0; }
    document.addEventListener("keydown", function (event) {
      if (event.ctrlKey || event.metaKey || event.altKey || !isInView()) { return; }
      if (event.key === "Escape") {
        var open = row.querySelector("details[open]");
        if (open) { open.open = false; open.querySelector("summary").focus(); }
        return;
      }
      if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) { return; }
      if (event.key === "/") { event.preventDefault(); search.focus(); }
      if (event.key === "j" || event.key === "k") {
        var current = document.activeElement.closest && document.activeElement.closest(".card");
        var at = current ? shown.indexOf(byId.get(current.id.slice(2))) : -1;
        var next = current ? at + (event.key === "j" ? 1 : -1) : 0;
        if (next >= built) { grow(next + 1); }
        if (shown[next]) { cards.get(shown[next].id).querySelector("summary").focus(); }
      }
    });
    document.addEventListener("click", function (event) {
      var open = row.querySelector("details[open]");
      if (open && !open.contains(event.target)) { open.open = false; }
    });
    window.addEventListener("hashchange", follow);
    window.addEventListener("beforeprint", function () {
      grow(MOST_PRINTED);
      cards.forEach(function (card) { if (!card.dataset.way) { fill(card); } card.open = true; });
    });
    app.append(bar, row, hits, list, more, said);
    reopen();
    update();
    if (window.IntersectionObserver) {
      new IntersectionObserver(function (seen) { if (seen[0].isIntersecting && !more.hidden) { grow(built + STEP); } }, { rootMargin: "600px" }).observe(more);
    }
    follow();
  }

  // A long report opens at once: the list is built when it comes near, or when the address names a finding.
  document.querySelectorAll(".findings-app").forEach(function (app) {
    if (!app.querySelector("noscript section")) { if (!/<section/.test(app.querySelector("noscript").textContent)) { app.append(make("p", { class: "nothing", text: "No finding." })); return; } }
    function wake() { if (/^#(f-|[a-z]+=)/.test(location.hash)) { start(app); } }
    var box = app.getBoundingClientRect();
    if (!window.IntersectionObserver || (box.width && box.top < innerHeight)) { start(app); return; }
    wake();
    window.addEventListener("hashchange", wake);
    var watcher = new IntersectionObserver(function (seen) { if (seen[0].isIntersecting) { watcher.disconnect(); start(app); } }, { rootMargin: "400px" });
    watcher.observe(app);
  });
})();
