// The explorer on a page: address, toolbar, picture, lists and keyboard. Every view has an address behind #.
(function (explorer) {
  "use strict";
  const make = explorer.make, count = explorer.count;
  const VIEWS = ["package", "module", "path", "pair", "dependents", "depends", "cycle", "class", "concept"];
  // The findings of a report in one file are chosen by package=.
  const KEY = view => view === "package" ? "packages" : view;
  const FILTERS = {
    scope: ["Imports", [["", "all imports"], ["import", "on import"], ["function", "inside functions"], ["type_checking", "for type checkers"]]],
    runs: ["Runs", [["", "always or sometimes"], ["always", "always"], ["sometimes", "on a condition"]]],
    only: ["Show", [["", "everything"], ["cycle", "cycles on import"], ["fails", "cycles that fail"], ["swallowed", "cycles with swallowed failures"], ["wrong", "non-canonical imports"], ["second", "files with second names"]]],
    tests: ["Tests", [["", "with tests"], ["without", "without tests"]]],
  };
  const LEGEND = [["fails", "cycle, an import fails"], ["swallowed", "cycle, a failure is swallowed"], ["unknown", "cycle, not simulated"], ["works", "cycle that works today"], ["wrong", "non-canonical import"], ["plain", "other import"]];
  const MOST_HITS = 12;
  let pages = 0;

  // --- addresses ---------------------------------------------------------------------------------------------------

  function readAddress(hash) {
    const values = new Map(hash.replace(/^#/, "").split("&").filter(Boolean).map(part => {
      const at = part.indexOf("=");
      const [key, value] = at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
      return [key, decode(value)];
    }));
    const view = VIEWS.find(name => values.has(KEY(name)));
    if (!view) { return null; }
    const filter = { ...explorer.NO_FILTER };
    Object.keys(FILTERS).forEach(name => { if (FILTERS[name][1].some(option => option[0] === values.get(name))) { filter[name] = values.get(name); } });
    return { view: view, name: values.get(KEY(view)), filter: filter, open: values.has("open") ? values.get("open").split(",").filter(Boolean) : null };
  }

  function decode(text) {
    try { return decodeURIComponent(text); } catch (error) { return text; }
  }

  function writeAddress(state) {
    const parts = [`${KEY(state.view)}=${encode(state.name)}`];
    if (state.open && state.view === "package") { parts.push("open=" + state.open.map(encode).join(",")); }
    Object.keys(FILTERS).forEach(name => { if (state.filter[name]) { parts.push(`${name}=${state.filter[name]}`); } });
    return parts.join("&");
  }
  const encode = text => encodeURIComponent(text).replace(/%3A/g, ":").replace(/%2F/g, "/").replace(/%40/g, "@");

  // --- one explorer ------------------------------------------------------------------------------------------------

  class Page {
    constructor(section) {
      this.section = section;
      this.findings = section.dataset.findings;
      this.id = "x" + (pages += 1);
      this.model = explorer.readModel(JSON.parse(section.querySelector("script[type='application/json']").textContent));
      this.graphs = new Map();
      this.way = explorer.chooseWay(this.model.data);
      this.build();
      window.addEventListener("hashchange", () => { if (readAddress(location.hash)) { this.show(readAddress(location.hash)); } });
      let room = this.frame.clientWidth;
      window.addEventListener("resize", () => { if (Math.abs(this.frame.clientWidth - room) > 40) { room = this.frame.clientWidth; this.redraw(); } });
      this.show(readAddress(location.hash) || readAddress(section.dataset.start || "") || this.home());
    }

    home() { return { view: "package", name: "", filter: { ...explorer.NO_FILTER }, open: null }; }

    go(change) {
      const address = writeAddress({ ...this.state, open: null, ...change });
      if ("#" + address === location.hash) { this.show(readAddress(address)); } else { location.hash = address; }
    }

    // --- building the page

    build() {
      const still = this.section.querySelector(".x-static");
      if (still) { still.remove(); }
      this.status = make("p", { class: "x-status", role: "status" });
      this.heading = make("h2", { class: "x-title", tabindex: "-1" });
      this.words = make("p", { class: "x-text" });
      this.crumbs = make("nav", { class: "x-crumbs", "aria-label": "Where this view is" });
      this.frame = make("div", { class: "x-frame" });
      this.selected = make("div", { class: "x-selected", "aria-live": "polite" });
      this.lists = make("div", { class: "x-lists", role: "region", "aria-label": "The view as lists" });
      this.actions = make("div", { class: "x-actions" });
      this.note = make("p", { class: "x-hidden" });
      this.section.append(
        make("div", { class: "x-bar" }, this.buildSearch("Search", "Find a module, package or class", hit => this.go({ view: hit.view, name: hit.name })),
          this.buildFurther(this.buildPathForm(), make("div", { class: "x-filters" }, ...Object.keys(FILTERS).map(name => this.buildFilter(name)), this.buildWays()))),
        this.crumbs, this.heading, this.words, this.actions,
        make("div", { class: "x-body" }, this.frame, this.selected, make("div", { class: "x-under" }, this.buildTools(), this.note, this.buildLegend()), this.lists), this.status);
      this.watchPicture();
    }

    buildSearch(label, hint, choose) {
      const id = `${this.id}-${label.toLowerCase().replace(/\W+/g, "-")}`;
      const input = make("input", { id: id, type: "text", role: "combobox", "aria-expanded": "false", "aria-controls": id + "-hits", "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false", placeholder: hint });
      const hits = make("ul", { id: id + "-hits", role: "listbox", class: "x-hits", "aria-label": label + ": what was found", hidden: true });
      let found = [], at = -1;
      const close = () => { hits.hidden = true; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); at = -1; };
      const mark = next => {
        at = next;
        [...hits.querySelectorAll("[role=option]")].forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
        if (at >= 0) { input.setAttribute("aria-activedescendant", `${id}-${at}`); hits.children[at].scrollIntoView({ block: "nearest" }); }
      };
      const pick = index => { const hit = found[index]; if (hit) { close(); input.value = hit.name; choose(hit, input); } };
      const look = () => {
        const result = explorer.search(this.model, input.value, MOST_HITS);
        found = result.found;
        hits.replaceChildren(...found.map((hit, index) => make("li", { id: `${id}-${index}`, role: "option", "aria-selected": "false", "data-name": hit.name, onclick: () => pick(index) }, explorer.showName(hit.name), make("span", { class: "x-kind" }, hit.view))));
        if (result.total > found.length) { hits.append(make("li", { class: "x-note", role: "presentation" }, `and ${(result.total - found.length).toLocaleString("en-US")} more`)); }
        if (!found.length) { hits.append(make("li", { class: "x-note", role: "presentation" }, "Nothing has this name.")); }
        hits.hidden = !input.value.trim();
        input.setAttribute("aria-expanded", String(!hits.hidden));
        mark(found.length ? 0 : -1);
      };
      input.addEventListener("input", look);
      input.addEventListener("focus", () => { if (input.value) { input.select(); } });
      input.addEventListener("blur", () => setTimeout(close, 150));
      hits.addEventListener("mousedown", event => event.preventDefault());
      input.addEventListener("keydown", event => {
        if (event.key === "Escape") { close(); return; }
        if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); if (hits.hidden) { look(); } if (found.length) { mark((at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length); } }
        if (event.key === "Enter") { event.preventDefault(); if (hits.hidden) { look(); } pick(Math.max(at, 0)); }
      });
      const box = make("div", { class: "x-search" }, make("label", { for: id }, label), input, hits);
      box.input = input;
      return box;
    }

    // Path and filters: on a narrow screen behind a summary.
    buildFurther(...parts) {
      if (this.section.clientWidth > 720) { return make("div", { class: "x-further" }, ...parts); }
      return make("details", { class: "x-further" }, make("summary", {}, "Path and filters"), ...parts);
    }

    buildPathForm() {
      const ends = ["Path from", "to"].map(label => this.buildSearch(label, "module", (hit, input) => { if (ends[1].input === input || ends[1].input.value) { this.findPath(ends); } else { ends[1].input.focus(); } }));
      this.ends = ends.map(end => end.input);
      return make("div", { class: "x-path" }, ...ends, make("button", { type: "button", onclick: () => this.findPath(ends) }, "Find path"));
    }

    findPath(ends) {
      const [a, b] = ends.map(end => end.input.value.trim());
      if (a && b) { this.go({ view: "path", name: `${a}..${b}` }); } else { this.say("Name the two modules between which you look for a path."); }
    }

    buildFilter(name) {
      const [label, options] = FILTERS[name], id = `${this.id}-${name}`;
      const select = make("select", { id: id, "data-filter": name }, ...options.map(option => make("option", { value: option[0] }, option[1])));
      select.addEventListener("change", () => this.go({ open: this.state.open, filter: { ...this.state.filter, [name]: select.value } }));
      return make("div", { class: "x-filter" }, make("label", { for: id }, label), select);
    }

    // Chooses where a click on a place of the source leads.
    buildWays() {
      const id = this.id + "-way", ways = explorer.listWays(this.model.data);
      const select = make("select", { id: id }, ...ways.map(([way, text]) => make("option", { value: way, selected: way === this.way }, text)));
      select.addEventListener("change", () => {
        this.way = select.value;
        try { localStorage.setItem("ssot.open", this.way); } catch (error) { /* not allowed: for this page only */ }
        this.show(this.state);
      });
      return make("div", { class: "x-filter", hidden: ways.length < 2 }, make("label", { for: id }, "Places open in"), select);
    }

    buildTools() {
      const tool = (text, label, act) => make("button", { type: "button", title: label, "aria-label": label, onclick: act }, text);
      return make("div", { class: "x-tools", role: "toolbar", "aria-label": "Picture" },
        tool("Back", "The view before", () => history.back()), tool("+", "Larger", () => this.zoom(1.3)), tool("−", "Smaller", () => this.zoom(1 / 1.3)), tool("Fit", "Fit the picture into its frame", () => this.fit()),
        tool("SVG", "Save the picture as SVG", () => this.save("svg")), tool("PNG", "Save the picture as PNG", () => this.save("png")),
        tool("Link", "Copy the address of this view", () => this.copy(String(location.href).replace(/#.*$/, "") + "#" + writeAddress(this.state))));
    }

    buildLegend() {
      const line = (tone, more) => { const span = make("span", { class: "x-key" }); span.innerHTML = `<svg width="34" height="10" aria-hidden="true"><path d="M1 5H33" class="x-link x-${tone} ${more || ""}" stroke-width="2"/></svg>`; return span; };
      const shape = (kind, text) => make("li", { "data-tone": kind }, make("span", { class: "x-key x-shape x-shape-" + kind }), text);
      this.legend = make("ul", { class: "x-legend", "aria-label": "Legend" },
        shape("package", "package, with its number of modules"), shape("module", "module"), shape("second", "has a second name"),
        ...LEGEND.map(([tone, text]) => make("li", { "data-tone": tone }, line(tone), text)),
        make("li", { "data-tone": "deferred" }, line("plain", "x-deferred"), "only in functions or for type checkers"), make("li", { "data-tone": "cut" }, line("fails", "x-cut"), "dashed: remove to break a cycle"));
      this.routes = make("ul", { class: "x-legend", "aria-label": "Legend", hidden: true },
        ...Object.entries(explorer.ROUTE_WORDS).map(([route, text]) => make("li", { "data-tone": route }, make("span", { class: `x-key x-shape x-shape-${route === "second" ? "route-second" : route}` }), text)), make("li", {}, make("span", { class: "x-key x-shape x-shape-canonical" }), "the path to use; the number counts its imports"));
      return make("div", {}, this.legend, this.routes);
    }

    // --- showing a view

    graph(filter) {
      const key = JSON.stringify(filter);
      if (!this.graphs.has(key)) {
        const graph = explorer.selectImports(this.model, filter);
        graph.isFiltered = Object.values(filter).some(Boolean);
        this.graphs.set(key, graph);
      }
      return this.graphs.get(key);
    }

    show(state) {
      const view = this.find(state);
      if (!view) { return; }
      this.state = state;
      this.view = view;
      Object.keys(FILTERS).forEach(name => { this.section.querySelector(`[data-filter=${name}]`).value = state.filter[name]; });
      if (view.kind === "path") { this.ends[0].value = this.model.names[view.a]; this.ends[1].value = this.model.names[view.b]; }
      const active = document.activeElement, isReplaced = [this.lists, this.selected, this.actions, this.crumbs].some(part => part.contains(active));
      this.heading.replaceChildren(explorer.showName(view.title));
      this.words.replaceChildren(view.text);
      this.showCrumbs(view);
      this.redraw();
      this.lists.replaceChildren(...explorer.listView(this, view));
      this.legend.hidden = view.kind === "class";
      this.routes.hidden = view.kind !== "class";
      if (isReplaced) { this.heading.focus({ preventScroll: true }); } // what had the focus is gone
      this.say(`${view.title}. ${view.text}`);
    }

    find(state) {
      const model = this.model, graph = this.graph(state.filter);
      const ends = state.name.split(".."), need = name => {
        const place = model.places.get(name);
        if (place === undefined) { throw new RangeError(name); }
        return place;
      };
      try {
        if (state.view === "package") { return explorer.viewPackage(model, graph, state.name ? need(state.name) : -1, this.opened(state)); }
        if (state.view === "module") { return explorer.viewModule(model, graph, need(state.name)); }
        if (state.view === "path") { return explorer.viewPath(model, graph, need(ends[0]), need(ends[1] || "")); }
        if (state.view === "pair") {
          const [a, b] = [ends[0], ends[1] || ""].map(name => need(name.replace(/\/$/, "")));
          return explorer.viewPair(model, graph, a, b, ends.map(name => name.endsWith("/")));
        }
        if (state.view === "dependents" || state.view === "depends") { return explorer.viewDistances(model, graph, need(state.name), state.view === "depends"); }
        if (state.view === "cycle") { return explorer.viewCycle(model, graph, this.number(model.data.cycles, each => each.cycle === state.name, state.name)); }
        if (state.view === "class") { return this.findClass(state.name, graph); }
        const group = model.data.groups[this.number(model.data.groups, each => each.title === state.name, state.name)];
        return this.viewGroup(group);
      } catch (error) {
        if (!(error instanceof RangeError)) { throw error; }
        return this.explainUnknown(state, error.message);
      }
    }

    number(list, test, name) {
      const at = list.findIndex(test);
      if (at < 0) { throw new RangeError(name); }
      return at;
    }

    // A class with one path that all imports use has no picture of its own: its module is shown.
    findClass(name, graph) {
      const classes = this.model.data.classes;
      const module = this.model.places.get(name.split(":")[0]);
      if (module !== undefined && !classes.some(each => each.definition === name)) { return explorer.viewModule(this.model, graph, module); }
      const at = this.number(classes, each => each.definition === name || each.definition.endsWith(":" + name), name);
      const own = classes[at].definition.split(/[:.]/).pop(), group = this.model.data.groups.find(each => each.kind === "name" && each.title === own && each.members.includes(at));
      return group && group.members.length > 1 ? this.viewGroup(group) : explorer.viewClasses(this.model, own, [at], `One definition, ${count(classes[at].paths.length + classes[at].hidden, "import path")}.${explorer.findLiveNames(this.model, classes[at]).length ? " Its file has a second name: the class lives more than once in one process." : ""}`);
    }

    viewGroup(group) {
      const size = group.members.length + group.hidden, expected = group.expected ? ` (expected ${group.expected})` : "";
      const text = `${count(size, group.kind === "concept" ? "class" : "definition", group.kind === "concept" ? "classes" : "definitions")}${expected}: ${size === 1 ? "one object" : "as many different objects"}, each with its own import paths.${group.hidden ? ` Not shown: ${group.hidden}.` : ""}`;
      return explorer.viewClasses(this.model, group.title, group.members, text);
    }

    explainUnknown(state, name) {
      const near = explorer.search(this.model, name.split(/[.:]/).pop() || name, 5).found;
      const view = explorer.viewPackage(this.model, this.graph(state.filter), -1, this.opened(this.home()));
      view.title = `There is no ${name || "such module"} here`;
      view.text = near.length ? `Did you mean ${near.map(hit => hit.name).join(", ")}?` : "Search for a part of its name.";
      state.view = "package"; state.name = "";
      return view;
    }

    // The open packages of a view; an address names them, those whose single modules stand together with a slash.
    opened(state) {
      const model = this.model;
      if (!state.open) { return explorer.openDefault(model, state.name ? model.places.get(state.name) : -1); }
      const found = state.open.map(name => [model.places.get(name.replace(/\/$/, "")), !name.endsWith("/")]);
      return new Map(found.filter(each => each[0] !== undefined));
    }

    showOpen(opened) {
      this.go({ open: [...opened].sort((a, b) => a[0] - b[0]).map(([place, isWhole]) => this.model.names[place] + (isWhole ? "" : "/")) });
    }

    redraw() {
      const frame = { width: Math.max(300, this.frame.clientWidth || 900), height: Math.max(360, this.frame.clientHeight || 600) };
      const drawn = explorer.draw(this.view, frame, this.id, node => this.model.second.has(node.place));
      this.drawn = drawn;
      this.view.byKey = new Map(this.view.nodes.map(node => [node.key, node]));
      const focused = this.frame.contains(document.activeElement) ? document.activeElement.dataset.node || "" : null;
      this.frame.replaceChildren(drawn.svg);
      const begin = drawn.byKey.get(focused) || [...drawn.byKey.values()].sort((a, b) => (b.kind === "focus") - (a.kind === "focus") || a.y - b.y || a.x - b.x)[0];
      this.fit(true);
      if (begin) {
        const element = drawn.svg.querySelector(`[data-node="${CSS.escape(begin.key)}"]`);
        element.setAttribute("tabindex", "0");
        if (focused !== null) { this.focusNode(element); }
      }
      const hidden = [...this.view.hidden];
      if (this.view.prefix) { hidden.unshift(`Names are shown without ${this.view.prefix.slice(0, -1)}.`); }
      if (drawn.rest.length) { hidden.push(`Not drawn: ${count(drawn.rest.length, "pair")} with the fewest imports; select a box to see all of its own.`); }
      this.note.replaceChildren(hidden.join(" "));
      this.showLegend();
      this.select(null);
    }

    // The legend explains what is in the picture, nothing else.
    showLegend() {
      const links = this.view.links.filter(link => link.drawn), tones = new Set(links.map(explorer.nameTone));
      if (links.some(link => link.cut)) { tones.add("cut"); }
      if (links.some(link => link.later && !link.cut)) { tones.add("deferred"); }
      this.view.nodes.filter(node => node.drawn).forEach(node => { tones.add(node.kind === "package" || node.partial ? "package" : "module"); if (this.model.second.has(node.place)) { tones.add("second"); } });
      const routes = new Set(this.view.nodes.map(node => node.route));
      [...this.legend.children].forEach(item => { item.hidden = !tones.has(item.dataset.tone); });
      [...this.routes.children].forEach(item => { item.hidden = Boolean(item.dataset.tone) && !routes.has(item.dataset.tone); });
    }

    showCrumbs(view) {
      const names = this.model.names, place = view.root !== undefined ? view.root : view.place;
      const items = [make("a", { href: "#" + writeAddress({ ...this.home(), filter: this.state.filter }) }, "All packages")];
      const way = [];
      for (let at = place === undefined ? -1 : place; at >= 0; at = this.model.parent[at]) { way.unshift(at); }
      way.forEach((at, step) => items.push(step === way.length - 1 ? make("span", { "aria-current": "page" }, this.model.data.nodes.label[at]) : make("a", { href: "#" + writeAddress({ ...this.state, view: "package", name: names[at], open: null }) }, this.model.data.nodes.label[at])));
      this.crumbs.hidden = view.root === -1;
      this.crumbs.replaceChildren(...items.flatMap((item, at) => at ? [" › ", item] : [item]));
      this.actions.replaceChildren(...this.buildActions(view));
      if (this.graph(this.state.filter).isFiltered) {
        this.actions.prepend(make("button", { type: "button", onclick: () => this.go({ open: this.state.open, filter: { ...explorer.NO_FILTER } }) }, "Without filters"));
      }
    }

    buildActions(view) {
      const model = this.model, name = place => model.names[place], act = (text, change) => make("button", { type: "button", onclick: () => this.go(change) }, text);
      const about = place => [
        act("What depends on this?", { view: "dependents", name: name(place) }), act("What does it depend on?", { view: "depends", name: name(place) }),
        make("button", { type: "button", onclick: () => { this.ends[0].value = name(place); this.ends[1].value = ""; this.ends[1].focus(); } }, "Path to …")];
      if (view.kind === "package") {
        const opened = this.opened(this.state), inside = [...opened.keys()].filter(place => place !== view.root && (view.root < 0 || explorer.isWithin(model, place, view.root)));
        const found = inside.length ? [make("button", { type: "button", onclick: () => { inside.forEach(place => opened.delete(place)); this.showOpen(opened); } }, "Collapse all")] : [];
        if (view.root >= 0 && model.isModule(view.root)) { found.push(act("Only its __init__", { view: "module", name: name(view.root) })); }
        const cycles = model.data.cycles.filter(cycle => !cycle.ancestors && (view.root < 0 ? cycle.kind === "import-time" : cycle.modules.some(place => explorer.isWithin(model, place, view.root)))).slice(0, 6);
        cycles.forEach(cycle => found.push(this.offerCycle(cycle)));
        model.data.groups.filter(group => group.kind === "concept" && view.root < 0).slice(0, 4).forEach(group => found.push(act(group.title, { view: "concept", name: group.title })));
        return found;
      }
      if (view.kind === "module") {
        const place = view.place, found = about(place);
        if (model.isPackage(place)) { found.unshift(act("Its package", { view: "package", name: name(place) })); }
        model.data.cycles.forEach(cycle => { if (cycle.modules.includes(place)) { found.push(this.offerCycle(cycle)); } });
        model.data.classes.filter(each => each.definition.split(":")[0] === name(place)).slice(0, 6).forEach(each => found.push(act(each.definition.split(":")[1], { view: "class", name: each.definition })));
        return found;
      }
      if (view.kind === "dependents" || view.kind === "depends") { return [act("The module", { view: "module", name: name(view.place) }), ...about(view.place).slice(view.kind === "depends" ? 0 : 1)]; }
      if (view.kind === "path" && view.a !== view.b) { return [act("The other way", { view: "path", name: `${name(view.b)}..${name(view.a)}` })]; }
      if (view.kind === "pair") { return [act("The other way", { view: "pair", name: this.state.name.split("..").reverse().join("..") })]; }
      return [];
    }

    offerCycle(cycle) {
      const kind = { "import-time": cycle.ancestors ? "Cycle through packages" : "Cycle", "deferred": "Deferred cycle", "typing": "Cycle for type checkers" }[cycle.kind];
      const effect = { fails: ": fails", swallowed: ": swallowed" }[cycle.effect] || "";
      return make("button", { type: "button", class: "x-tag-" + cycle.effect, onclick: () => this.go({ view: "cycle", name: cycle.cycle }) }, `${kind} of ${cycle.modules.length}${effect}`);
    }

    // The link of a node in a list: a package or a module opens, a path only has its name.
    link(node, words) {
      if (node.place < 0) { return explorer.showName(node.name); }
      const view = node.kind === "package" || node.partial ? "package" : "module";
      const short = this.view.prefix && node.name.startsWith(this.view.prefix) ? node.name.slice(this.view.prefix.length) : node.name;
      return make("a", { href: "#" + writeAddress({ ...this.state, view: view, name: node.name, open: null }), title: node.name }, words || explorer.showName(short), this.view.kind !== "package" ? "" : node.rest ? ".*" : node.own ? " (itself)" : "");
    }

    // --- the picture: selection, keyboard, zoom

    watchPicture() {
      const frame = this.frame, near = event => event.target.closest ? event.target.closest("[data-node], [data-link]") : null;
      let press = null;
      const fingers = new Map();
      frame.addEventListener("pointerdown", event => {
        fingers.set(event.pointerId, event);
        press = { x: event.clientX, y: event.clientY, at: { ...this.at }, moved: false };
      });
      frame.addEventListener("pointermove", event => {
        if (!fingers.has(event.pointerId) || !press) { return; }
        if (fingers.size === 2) {
          const before = spread(fingers);
          fingers.set(event.pointerId, event);
          this.zoom(spread(fingers) / before);
          press.moved = true;
          return;
        }
        const dx = event.clientX - press.x, dy = event.clientY - press.y;
        if (!press.moved && Math.hypot(dx, dy) < 5) { return; }
        if (!press.moved) { press.moved = true; frame.setPointerCapture(event.pointerId); }
        this.at.x = press.at.x + dx;
        this.at.y = press.at.y + dy;
        this.move();
      });
      const lift = event => { fingers.delete(event.pointerId); };
      frame.addEventListener("pointerup", lift);
      frame.addEventListener("pointercancel", lift);
      frame.addEventListener("click", event => {
        if (press && press.moved) { press = null; return; }
        const hit = near(event);
        this.select(hit);
        if (hit && hit.dataset.node) { this.focusNode(hit); }
      });
      frame.addEventListener("dblclick", event => { const hit = near(event); if (hit && hit.dataset.node) { this.open(hit.dataset.node); } });
      frame.addEventListener("pointerover", event => this.highlight(near(event)));
      frame.addEventListener("pointerleave", () => this.highlight(null));
      frame.addEventListener("focusin", event => this.highlight(near(event)));
      frame.addEventListener("wheel", event => { if (event.ctrlKey || event.metaKey) { event.preventDefault(); this.zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, event); } }, { passive: false });
      frame.addEventListener("keydown", event => this.press(event));
    }

    press(event) {
      const at = event.target.closest("[data-node]");
      const arrows = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
      if (arrows[event.key] && at) {
        event.preventDefault();
        const next = this.nearest(at.dataset.node, arrows[event.key]);
        if (next) { this.focusNode(this.drawn.svg.querySelector(`[data-node="${CSS.escape(next.key)}"]`)); }
      } else if (event.key === "Enter" && at) { event.preventDefault(); this.open(at.dataset.node); } else if (event.key === " " && at) { event.preventDefault(); this.select(at); } else if (event.key === "Escape") { this.select(null); } else if (event.key === "+" || event.key === "=") { this.zoom(1.3); } else if (event.key === "-") { this.zoom(1 / 1.3); } else if (event.key === "0") { this.fit(); }
    }

    nearest(key, [dx, dy]) {
      const from = this.drawn.byKey.get(key);
      let best = null;
      this.drawn.byKey.forEach(node => {
        const ahead = (node.x - from.x) * dx + (node.y - from.y) * dy, aside = Math.abs((node.x - from.x) * dy) + Math.abs((node.y - from.y) * dx);
        if (node === from || ahead < 8) { return; }
        const cost = ahead + aside * (dx ? 6 : 2.2);
        if (!best || cost < best.cost) { best = { node: node, cost: cost }; }
      });
      return best && best.node;
    }

    focusNode(element) {
      if (!element) { return; }
      this.drawn.svg.querySelectorAll("[tabindex='0']").forEach(each => each.setAttribute("tabindex", "-1"));
      element.setAttribute("tabindex", "0");
      element.focus({ preventScroll: true });
      const box = element.getBoundingClientRect(), frame = this.frame.getBoundingClientRect();
      const dx = box.left < frame.left ? frame.left - box.left + 20 : box.right > frame.right ? frame.right - box.right - 20 : 0;
      const dy = box.top < frame.top ? frame.top - box.top + 20 : box.bottom > frame.bottom ? frame.bottom - box.bottom - 20 : 0;
      if (dx || dy) { this.at.x += dx; this.at.y += dy; this.move(); }
    }

    // Opens what a node stands for: a package in place, a module as a view of its own.
    open(key) {
      const node = this.view.byKey.get(key);
      if (!node || node.place < 0) { return; }
      if (this.view.kind === "package" && node.kind === "package" && !node.outside) {
        this.showOpen(this.opened(this.state).set(node.place, node.rest || explorer.opensWhole(this.model, node.place)));
      } else { this.go({ view: node.kind === "package" || node.partial ? "package" : "module", name: node.name }); }
    }

    collapse(place) {
      this.showOpen(new Map([...this.opened(this.state)].filter(([each]) => !explorer.isWithin(this.model, each, place))));
    }

    select(element) {
      this.frame.querySelectorAll(".x-chosen").forEach(each => each.classList.remove("x-chosen"));
      this.chosen = element;
      this.selected.replaceChildren();
      if (!element) { this.highlight(null); return; }
      element.classList.add("x-chosen");
      if (element.dataset.link) {
        const link = this.view.links.find(each => each.key === element.dataset.link);
        this.selected.replaceChildren(...explorer.listLink(this, this.view, link));
      } else { this.selected.replaceChildren(...this.describe(this.view.byKey.get(element.dataset.node))); }
      this.highlight(element);
    }

    describe(node) {
      const model = this.model, act = (text, what) => make("button", { type: "button", onclick: what }, text);
      const box = [make("h3", {}, explorer.showName(node.name))];
      if (node.kind === "path") { return [...box, make("p", {}, explorer.describeNode(node).split(", ").slice(1).join(", ") + "."), make("p", {}, explorer.showPlace(this, node))]; }
      const into = this.view.links.filter(link => link.b === node.key), out = this.view.links.filter(link => link.a === node.key), total = links => links.reduce((sum, link) => sum + link.rows.length, 0);
      const file = model.file(node.place);
      if (file) { box.push(make("p", { class: "x-note" }, explorer.showName(file))); }
      box.push(make("p", {}, `${node.kind === "package" || node.partial ? count(node.size, "module") + "; " : ""}in this view ${count(total(into), "import statement")} of it from ${count(into.length, "other")}, ${count(total(out), "import statement")} of its own.`));
      (model.second.get(node.place) || []).forEach(row => box.push(make("p", { class: "x-second-note" }, `Second name ${row[1]} (${row[2]}): `, explorer.showPlace(this, { path: row[3], line: row[4] }))));
      const buttons = [];
      const isPackage = node.kind === "package" || node.partial;
      if (isPackage && this.view.kind === "package" && !node.outside) { buttons.push(act(node.rest ? "Show its modules" : "Expand here", () => this.open(node.key))); }
      if (isPackage) { buttons.push(act("Only this package", () => this.go({ view: "package", name: node.name }))); } else { buttons.push(act("Show the module", () => this.go({ view: "module", name: node.name }))); }
      const parent = node.rest || node.own ? node.place : model.parent[node.place];
      if (this.view.kind === "package" && parent >= 0 && parent !== this.view.root && !node.outside && this.opened(this.state).has(parent)) { buttons.push(act(`Collapse ${model.data.nodes.label[parent]}`, () => this.collapse(parent))); }
      if (!isPackage || model.isModule(node.place)) { buttons.push(act("What depends on this?", () => this.go({ view: "dependents", name: node.name }))); }
      buttons.push(act("Path from here …", () => { this.ends[0].value = node.name; this.ends[1].focus(); }));
      return [...box, make("div", { class: "x-actions" }, ...buttons)];
    }

    // Shows one node or link with what is tied to it, and dims the rest.
    highlight(element) {
      const svg = this.drawn.svg, hit = element || this.chosen;
      svg.querySelectorAll(".x-on").forEach(each => each.classList.remove("x-on"));
      svg.querySelectorAll(".x-extra").forEach(each => each.remove());
      svg.classList.toggle("x-dim", Boolean(hit && svg.contains(hit)));
      if (!hit || !svg.contains(hit)) { return; }
      const keys = new Set(), on = key => { const node = svg.querySelector(`[data-node="${CSS.escape(key)}"]`); if (node) { node.classList.add("x-on"); } };
      if (hit.dataset.node) {
        this.drawn.rest.filter(link => link.a === hit.dataset.node || link.b === hit.dataset.node).slice(0, explorer.MOST_TIED).forEach(link => this.drawn.drawRest(link).classList.add("x-extra"));
      }
      svg.querySelectorAll("[data-link]").forEach(path => {
        const [a, b] = path.dataset.link.split(">");
        if (path === hit || a === hit.dataset.node || b === hit.dataset.node) { path.classList.add("x-on"); keys.add(a); keys.add(b); }
      });
      if (hit.dataset.node) { keys.add(hit.dataset.node); }
      keys.forEach(on);
    }

    fit(isFirst) {
      const room = { width: this.frame.clientWidth || 900, height: this.frame.clientHeight || 600 }, size = this.drawn.size;
      let scale = Math.min(room.width / size.width, room.height / size.height, 1.25);
      const isLong = isFirst && (scale < 0.6 || room.width < 480);
      if (isLong) { scale = Math.min(room.width < 480 ? 1 : 0.75, Math.max(scale, room.width / size.width)); }
      // A picture that is longer than its frame begins at what it is about.
      const focus = [...this.drawn.byKey.values()].find(node => node.kind === "focus"), spare = room.height - size.height * scale;
      const y = !isLong || spare > 0 ? Math.max(0, spare / 2) : focus ? Math.min(0, Math.max(spare, room.height / 2 - focus.y * scale)) : 0;
      this.at = { scale: scale, x: room.width / 2, y: y };
      this.move();
    }

    zoom(factor, event) {
      const box = this.frame.getBoundingClientRect(), at = this.at;
      const x = event ? event.clientX - box.left : box.width / 2, y = event ? event.clientY - box.top : box.height / 2;
      const scale = Math.min(4, Math.max(0.05, at.scale * factor)), ratio = scale / at.scale;
      this.at = { scale: scale, x: x - (x - at.x) * ratio, y: y - (y - at.y) * ratio };
      this.move();
    }

    move() { this.drawn.scene.setAttribute("transform", `translate(${this.at.x} ${this.at.y}) scale(${this.at.scale})`); }

    // --- copies and files

    save(kind) {
      const svg = explorer.exportSvg(this.drawn, getComputedStyle(this.frame).backgroundColor);
      const name = `${this.view.title.replace(/[^\w.-]+/g, "-").slice(0, 80)}.${kind}`;
      const blob = kind === "svg" ? Promise.resolve(new Blob([svg], { type: "image/svg+xml" })) : explorer.exportPng(svg, this.drawn.size);
      blob.then(data => {
        const link = make("a", { href: URL.createObjectURL(data), download: name });
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 1000);
        this.say(`Saved ${name}.`);
      }, () => this.say("This browser cannot save the picture in this form."));
    }

    copy(text, button) {
      const done = () => { this.say(`Copied ${text}`); if (button) { button.classList.add("x-copied"); setTimeout(() => button.classList.remove("x-copied"), 900); } };
      const byHand = () => {
        const area = make("textarea", { class: "x-copy" });
        area.value = text;
        this.section.append(area);
        area.select();
        document.execCommand("copy");
        area.remove();
        if (button) { button.focus(); }
        done();
      };
      if (navigator.clipboard && window.isSecureContext) { navigator.clipboard.writeText(text).then(done, byHand); } else { byHand(); }
    }

    say(text) { this.status.textContent = text; }
  }

  const spread = fingers => { const [a, b] = [...fingers.values()]; return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1; };

  function start(section) {
    if (!section.dataset.started) { section.dataset.started = "yes"; section.explorer = new Page(section); }
  }
  // In the single file the explorer is inside a part that opens.
  const unfold = section => { for (let part = section; part; part = part.parentElement) { if (part.tagName === "DETAILS") { part.open = true; } } };
  document.querySelectorAll("section.explorer").forEach(section => {
    const isAsked = () => Boolean(readAddress(location.hash));
    const reveal = () => { if (isAsked()) { unfold(section); start(section); section.scrollIntoView(); } };
    if (section.dataset.alone !== undefined || !("IntersectionObserver" in window)) { start(section); return; }
    window.addEventListener("hashchange", reveal);
    new IntersectionObserver((entries, watcher) => { if (entries.some(entry => entry.isIntersecting)) { watcher.disconnect(); start(section); } }, { rootMargin: "200px" }).observe(section);
    reveal();
  });
}(window.ssotExplorer = window.ssotExplorer || {}));
