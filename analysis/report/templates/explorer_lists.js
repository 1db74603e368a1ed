// The lists of the explorer: the content of every view as tables and statements, for readers, keyboards and phones.
(function (explorer) {
  "use strict";
  const PAGE = 40;
  const count = explorer.count;

  // Makes an element; text is only ever text, so that nothing from a target becomes markup.
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    Object.entries(attributes || {}).forEach(([name, value]) => {
      if (name === "onclick") { element.addEventListener("click", value); } else if (value !== false && value !== undefined) { element.setAttribute(name, value === true ? "" : value); }
    });
    element.append(...children.filter(child => child !== null && child !== undefined));
    return element;
  }
  explorer.make = make;

  // Long dotted names may wrap behind their dots.
  function name(text) {
    const parts = String(text).split(/(?<=[._/:])/), element = make("span", { class: "x-name" });
    parts.forEach((part, at) => { if (at) { element.append(make("wbr")); } element.append(part); });
    return element;
  }

  function go(view, text, label) {
    return make("a", { href: "#" + view, class: "x-go" }, label || name(text));
  }

  // Shows the first rows, and a button for the others: long lists cost time only where somebody wants them.
  function paged(rows, build, parent) {
    let shown = 0;
    const more = make("button", { type: "button", class: "x-more", onclick: () => { extend(rows.length); } });
    const extend = until => {
      rows.slice(shown, until).forEach(row => parent.append(build(row)));
      shown = Math.min(until, rows.length);
      more.hidden = shown >= rows.length;
      more.textContent = `Show all ${rows.length.toLocaleString("en-US")}`;
    };
    extend(PAGE);
    return more;
  }

  // Where a click on a place leads: the choice that the page of findings remembers too.
  const WAYS = { host: "the code host", vscode: "VS Code", pycharm: "PyCharm", copy: "nothing: copy them" };
  function remembered(key) { try { return localStorage.getItem(key) || ""; } catch (error) { return ""; } }

  explorer.listWays = function (data) {
    return Object.entries(WAYS).filter(([way]) => way === "copy" || (way === "host" ? data.link : data.root || remembered("ssot.folder")));
  };
  explorer.chooseWay = function (data) {
    const ways = explorer.listWays(data).map(([way]) => way), chosen = remembered("ssot.open");
    return ways.includes(chosen) ? chosen : ways.includes("host") ? "host" : "copy";
  };

  function address(data, way, where) {
    const quote = path => path.split("/").map(encodeURIComponent).join("/"), line = String(where.line);
    if (way === "host") { return data.link.split("{path}").join(quote(where.path)).split("{line}").join(line); }
    const path = `${(remembered("ssot.folder") || data.root).replace(/\/+$/, "")}/${where.path}`;
    return way === "vscode" ? `vscode://file${path[0] === "/" ? "" : "/"}${quote(path)}:${line}` : `pycharm://open?file=${encodeURIComponent(path)}&line=${line}`;
  }

  function place(page, where) {
    const text = `${where.path}:${where.line}`, data = page.model.data;
    if (page.way !== "copy") { return make("a", { href: address(data, page.way, where), rel: "noopener noreferrer", class: "x-place" }, name(text)); }
    return make("button", { type: "button", class: "x-place", title: "Copy this place", onclick: event => page.copy(text, event.currentTarget) }, name(text));
  }

  function statement(page, row) {
    const model = page.model, mark = model.data.imports.marks[model.data.imports.mark[row]];
    const notes = [];
    if (mark[1] === "function") { notes.push("inside a function"); }
    if (mark[1] === "type_checking") { notes.push("for type checkers"); }
    if (mark[2] === "sometimes") { notes.push("depends on a condition"); }
    if (mark[3] === "try" || mark[3] === "except") { notes.push(`in ${mark[3] === "try" ? "a try" : "an except"}`); }
    if (mark[0] === "recovered") { notes.push("in a file that does not parse"); }
    const effect = explorer.EFFECTS[model.effects[row]];
    if (effect && effect !== "later") { notes.push(`in a cycle: ${explorer.EFFECT_WORDS[effect]}`); }
    const item = make("li", { class: "x-statement" }, place(page, explorer.findPlace(model, row)), make("code", {}, explorer.writeStatement(model, row)));
    if (notes.length) { item.append(make("span", { class: "x-note" }, notes.join(", "))); }
    if (model.canonical.has(row)) { item.append(make("span", { class: "x-note x-wrong-note" }, "should import ", name(model.data.texts[model.canonical.get(row)]))); }
    return item;
  }

  function statements(page, rows) {
    const list = make("ul", { class: "x-statements" });
    const more = paged(rows, row => statement(page, row), list);
    return make("div", {}, list, more);
  }

  // One link as an entry that opens to its statements.
  function entry(page, view, link, words, way) {
    const tone = explorer.nameTone(link), marks = [];
    if (tone !== "plain" && tone !== "wrong" && tone !== "later") { marks.push(make("span", { class: "x-tag x-tag-" + tone }, { fails: "fails", swallowed: "swallowed", unknown: "not simulated", works: "in a cycle" }[tone])); }
    if (link.cut) { marks.push(make("span", { class: "x-tag x-tag-cut" }, "to cut")); }
    if (link.wrong) { marks.push(make("span", { class: "x-tag x-tag-wrong" }, "non-canonical")); }
    const details = make("details", { class: "x-entry", "data-link": link.key }, make("summary", {}, words, " ", make("span", { class: "x-count" }, count(link.rows.length, "statement")), ...marks));
    details.addEventListener("toggle", () => { if (details.open && details.children.length === 1) { details.append(...(way ? [make("p", {}, way)] : []), statements(page, link.rows)); } });
    return details;
  }

  function pair(view, link) {
    const [a, b] = [view.byKey.get(link.a), view.byKey.get(link.b)], cut = node => view.prefix && node.name.startsWith(view.prefix) ? node.name.slice(view.prefix.length) : node.name;
    return make("span", {}, name(cut(a)), " → ", name(cut(b)));
  }

  function listLinks(page, view, links, title, words, isOpen, way) {
    const box = make("details", { class: "x-list", open: isOpen }, make("summary", {}, title));
    const body = make("div", { class: "x-entries" });
    const fill = () => { if (!body.childElementCount) { body.append(paged(links, link => entry(page, view, link, words(link), way && way(link)), body)); } };
    if (isOpen) { fill(); }
    box.addEventListener("toggle", fill);
    box.append(body);
    return box;
  }

  // A table of the nodes of a view.
  function listNodes(page, view, nodes, title, columns, isOpen) {
    const box = make("details", { class: "x-list", open: isOpen }, make("summary", {}, title));
    const body = make("tbody");
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...columns.map(column => make("th", { scope: "col", class: column.number ? "number" : false }, column.title)))), body);
    const fill = () => {
      if (body.childElementCount) { return; }
      const more = paged(nodes, node => make("tr", { "data-row": node.key }, ...columns.map((column, at) => {
        const cell = make(at ? "td" : "th", { scope: at ? false : "row", class: column.number ? "number" : false });
        cell.append(column.show(node));
        return cell;
      })), body);
      box.append(more);
    };
    box.append(make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": title }, table));
    if (isOpen) { fill(); }
    box.addEventListener("toggle", fill);
    return box;
  }

  function countEnds(view) {
    const out = new Map(), into = new Map();
    view.links.forEach(link => {
      out.set(link.a, (out.get(link.a) || 0) + link.rows.length);
      into.set(link.b, (into.get(link.b) || 0) + link.rows.length);
    });
    return [node => (out.get(node.key) || 0).toLocaleString("en-US"), node => (into.get(node.key) || 0).toLocaleString("en-US")];
  }

  // Returns the lists of a view: the same nodes and links as in its picture, and those that it leaves out.
  explorer.listView = function (page, view) {
    if (view.kind === "class") { return [listPaths(page, view)]; }
    if (view.kind === "module") { return listModule(page, view); }
    if (view.kind === "path") { return view.ways.map((way, number) => listWay(page, view, way, number)); }
    if (view.layers) { return view.layers.map((layer, index) => listLayer(page, view, layer, index)); }
    const [imports, users] = countEnds(view);
    const columns = [
      { title: "Name", show: node => page.link(node) },
      { title: "Modules", number: true, show: node => String(node.size) },
      { title: "Imports", number: true, show: imports },
      { title: "Imported", number: true, show: users },
    ];
    const nodes = [...view.nodes].sort((a, b) => (a.outside ? 1 : 0) - (b.outside ? 1 : 0) || (a.name < b.name ? -1 : 1));
    const noun = nodes.every(node => node.kind !== "package") ? ["module"] : ["package or module", "packages and modules"];
    return [
      listNodes(page, view, nodes, `${count(nodes.length, ...noun)} in this view`, columns, view.kind !== "pair"),
      listLinks(page, view, view.links, `${count(view.links.length, "import between them", "pairs with imports")}`, link => pair(view, link), view.kind !== "package"),
    ];
  };

  function listModule(page, view) {
    const centre = "n" + view.place;
    const cut = node => view.prefix && node.name.startsWith(view.prefix) ? node.name.slice(view.prefix.length) : node.name;
    const side = (links, other, title) => listLinks(page, view, links, title, link => name(cut(view.byKey.get(link[other]))), true,
      link => page.link(view.byKey.get(link[other]), view.byKey.get(link[other]).partial ? "Show this package" : "Show this module"));
    const above = view.links.filter(link => link.b === centre), below = view.links.filter(link => link.a === centre);
    const words = (what, size, links) => `${what} ${count(size, "module")}${links.length < size ? `, in ${count(links.length, "group")}` : ""}`;
    const findings = listFindings(page, view.place);
    return [...(findings ? [findings] : []), side(above, "a", words("Imported by", view.sides[0], above)), side(below, "b", words("Imports", view.sides[1], below))];
  }

  // The findings about a module, each with its place on the page of findings where there is one.
  function listFindings(page, place) {
    const found = (page.model.findings.get(place) || []).map(pair => pair[1]), list = make("ul", { class: "x-statements" });
    if (!found.length) { return null; }
    const more = paged(found, ([fingerprint, severity, message]) => make("li", { class: "x-statement" }, make("span", { class: "severity " + severity.toLowerCase() }, severity), " ",
      page.findings === undefined ? message : make("a", { href: `${page.findings}#f-${fingerprint}` }, message)), list);
    return make("details", { class: "x-list", open: found.length <= 3 }, make("summary", {}, count(found.length, "finding")), list, more);
  }

  function listWay(page, view, way, number) {
    const list = make("ol", { class: "x-way" });
    way.slice(1).forEach((place, step) => {
      const key = step === way.length - 2 && place === way[0] ? "end" : "n" + place, link = view.links.find(each => each.a === "n" + way[step] && each.b === key);
      const item = make("li", {}, go("module=" + encodeURIComponent(page.model.names[way[step]]), page.model.names[way[step]]), " imports ", go("module=" + encodeURIComponent(page.model.names[place]), page.model.names[place]));
      if (link) { item.append(make("ul", { class: "x-statements" }, statement(page, link.rows[0]))); }
      list.append(item);
    });
    return make("details", { class: "x-list", open: number === 0 }, make("summary", {}, `Chain ${number + 1}: ${count(way.length - 1, "import")}`), list);
  }

  function listLayer(page, view, layer, index) {
    const words = view.kind === "dependents" ? (index ? `Through ${count(index, "module")} in between` : "Directly") : index ? `Through ${count(index, "module")} in between` : "Directly";
    const nodes = layer.map(place => ({ key: "r" + place, place: place, name: page.model.names[place], kind: "module" }));
    return listNodes(page, view, nodes, `${words}: ${count(layer.length, "module")}`, [
      { title: "Module", show: node => page.link(node) },
      { title: "File", show: node => name(page.model.file(node.place)) },
    ], index === 0);
  }

  function listPaths(page, view) {
    const columns = [
      { title: "Import path", show: node => {
        const how = explorer.ROUTE_WORDS[node.route] + (node.isCanonical ? ", use this" : "");
        return make("span", {}, name(node.name), make("br"), make("span", { class: "x-note" }, how + ", bound at "), place(page, node));
      } },
      { title: "Imports", number: true, show: node => node.size.toLocaleString("en-US") },
      { title: "Non-canonical", number: true, show: node => node.violations.toLocaleString("en-US") },
    ];
    const box = make("div", {});
    view.groups.forEach((group, number) => {
      const title = (view.groups.length > 1 ? `Object ${number + 1}: ` : "") + group.title;
      const list = listNodes(page, view, view.nodes.filter(node => node.group === number), title, columns, number < 3);
      list.insertBefore(make("p", { class: "x-note" }, group.text), list.children[1]);
      box.append(list);
    });
    return box;
  }

  // Returns what there is to say of one selected link or node.
  explorer.listLink = function (page, view, link) {
    if (link.route) { return [make("h3", {}, explorer.describeLink(view, link, view.byKey))]; }
    const [a, b] = [view.byKey.get(link.a), view.byKey.get(link.b)];
    const box = [make("h3", {}, name(a.name), " → ", name(b.name)), make("p", {}, explorer.describeLink(view, link, view.byKey).split(": ").slice(1).join(": ") + ".")];
    if (a.place >= 0 && b.place >= 0 && (a.kind === "package" || b.kind === "package")) {
      box.push(make("p", {}, go(`pair=${[a, b].map(node => encodeURIComponent(node.name) + (node.rest ? "/" : "")).join("..")}`, "", "Show the modules that do this")));
    }
    box.push(statements(page, link.rows));
    return box;
  };
  explorer.listStatements = statements;
  explorer.showName = name;
  explorer.showPlace = place;
}(window.ssotExplorer = window.ssotExplorer || {}));
