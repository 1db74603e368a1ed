// The views of the explorer: which packages, modules or classes a picture shows, and the imports between them.
// A view is { title, text, nodes, links, hidden }; nodes and links are the content of both the picture and the lists.
(function (explorer) {
  "use strict";
  const MOST_NODES = 300, MOST_GROUPED = 30, MOST_IN_DISTANCES = 72, MOST_CHAINS = 5, MOST_SINGLE = 40;

  explorer.count = function (number, noun, plural) {
    return number.toLocaleString("en-US") + " " + (number === 1 ? noun : plural || noun + "s");
  };
  const count = explorer.count;

  // --- nodes and links ---------------------------------------------------------------------------------------------

  function makeNode(model, place, more) {
    const isPackage = model.isPackage(place);
    return {
      key: "n" + place, place: place, name: model.names[place], kind: isPackage ? "package" : "module",
      size: isPackage ? model.sizes[place] : 1, order: model.rank[place], ...more,
    };
  }

  // Gathers imports into links between nodes; `shown` tells the key of the node that stands for a module.
  class Links {
    constructor(model) { this.model = model; this.found = new Map(); }

    add(a, b, row) {
      if (a === b) { return; }
      const key = a + ">" + b;
      let link = this.found.get(key);
      if (!link) { link = { key: key, a: a, b: b, rows: [], effect: -1, cut: false, wrong: 0, later: true }; this.found.set(key, link); }
      link.rows.push(row);
      const imports = this.model.data.imports, effect = this.model.effects[row];
      if (effect >= 0 && (link.effect < 0 || effect < link.effect)) { link.effect = effect; }
      if (this.model.cut.has(imports.importer[row] * this.model.count + imports.imported[row])) { link.cut = true; }
      if (this.model.canonical.has(row)) { link.wrong += 1; }
      const scope = imports.marks[imports.mark[row]][1];
      if (scope === "module" || scope === "class") { link.later = false; }
    }

    get all() { return [...this.found.values()].sort((a, b) => b.rows.length - a.rows.length || (a.key < b.key ? -1 : 1)); }
  }

  // Keeps the nodes with the most imports where there are more than a picture can show.
  function limit(view, most) {
    const weights = new Map(view.nodes.map(node => [node.key, 0]));
    view.links.forEach(link => [link.a, link.b].forEach(key => weights.set(key, weights.get(key) + link.rows.length)));
    view.nodes.forEach(node => { node.weight = weights.get(node.key) || 0; });
    const ranked = [...view.nodes].sort((a, b) => (b.kind === "focus") - (a.kind === "focus") || b.weight - a.weight || a.order - b.order);
    const drawn = new Set(ranked.slice(0, most).map(node => node.key));
    view.nodes.forEach(node => { node.drawn = drawn.has(node.key); });
    view.links.forEach(link => { link.drawn = drawn.has(link.a) && drawn.has(link.b); });
    const left = view.nodes.length - drawn.size;
    if (left > 0) { view.hidden.push(`Not drawn: ${count(left, "node")} with the fewest imports; the list has all of them.`); }
    return view;
  }

  // Groups places so that at most so many remain: each is shown by itself or by the package that stands for it.
  function groupPlaces(model, places, most) {
    if (places.length <= most) { return new Map(places.map(place => [place, place])); }
    const ways = places.map(place => {
      const way = [];
      for (let at = place; at >= 0; at = model.parent[at]) { way.unshift(at); }
      return way;
    });
    const opened = new Set();
    const standing = way => {
      let depth = 0;
      while (depth < way.length - 1 && opened.has(way[depth])) { depth += 1; }
      return way[depth];
    };
    for (;;) {
      const sizes = new Map();
      ways.forEach(way => { const at = standing(way); sizes.set(at, (sizes.get(at) || 0) + 1); });
      const largest = [...sizes].filter(([place, size]) => size > 1 && !opened.has(place)).sort((a, b) => b[1] - a[1] || a[0] - b[0]);
      const fitting = largest.find(([place, size]) => {
        const parts = new Set(ways.filter(way => standing(way) === place).map(way => way[way.indexOf(place) + 1]));
        return sizes.size - 1 + parts.size <= most;
      });
      if (!fitting) { return new Map(places.map((place, number) => [place, standing(ways[number])])); }
      opened.add(fitting[0]);
    }
  }

  // --- packages ----------------------------------------------------------------------------------------------------

  // Returns for each place the one that stands for it. `opened` says of each open package whether its single modules
  // are shown (true), or stand together under its name (false). Outside of the root all packages are closed.
  function findStanding(model, opened) {
    const standing = new Int32Array(model.count);
    for (let place = 0; place < model.count; place += 1) {
      const parent = model.parent[place], isShown = parent < 0 || (standing[parent] === parent && opened.has(parent) && (opened.get(parent) || model.isPackage(place)));
      standing[place] = isShown ? place : standing[parent];
    }
    return standing;
  }

  // The packages that are open in a view where its address does not say so.
  explorer.openDefault = function (model, root) {
    if (root < 0) { return new Map(model.data.open); }
    const opened = new Map([[root, explorer.opensWhole(model, root)]]);
    for (let at = model.parent[root]; at >= 0; at = model.parent[at]) { opened.set(at, false); }
    return opened;
  };
  explorer.opensWhole = function (model, place) {
    const parts = model.inner.get(place) || [];
    return parts.length <= MOST_SINGLE || !parts.some(part => model.isPackage(part));
  };

  explorer.viewPackage = function (model, graph, root, opened) {
    const standing = findStanding(model, opened), links = new Links(model);
    const imports = model.data.imports, isInside = place => root < 0 || explorer.isWithin(model, place, root);
    graph.from.forEach(rows => rows.forEach(row => {
      const a = standing[imports.importer[row]], b = standing[imports.imported[row]];
      if (isInside(a) || isInside(b)) { links.add("n" + a, "n" + b, row); }
    }));
    const all = links.all, tied = new Set(all.flatMap(link => [link.a, link.b]));
    const nodes = [];
    for (let place = 0; place < model.count; place += 1) {
      if (standing[place] !== place) { continue; }
      const inside = isInside(place), node = makeNode(model, place, { outside: !inside });
      if (opened.has(place)) { Object.assign(node, describeOwn(model, place, opened.get(place))); }
      if (node.size && (tied.has(node.key) || (inside && !graph.isFiltered))) { nodes.push(node); }
    }
    const inside = nodes.filter(node => !node.outside).length;
    const modules = root < 0 ? model.inner.get(-1).reduce((sum, place) => sum + model.sizes[place], 0) : model.sizes[root];
    const text = `${count(modules, "module")}, shown as ${count(inside, "package or module", "packages and modules")}. ${count(all.length, "pair")} of them ${all.length === 1 ? "is" : "are"} joined by imports.`;
    return limit({ kind: "package", root: root, title: root < 0 ? "All packages" : model.names[root], text: text, nodes: nodes, links: all, hidden: [] }, MOST_NODES);
  };

  // What an open package itself stands for: its __init__, or with it all its modules that are in no inner package.
  function describeOwn(model, place, isWhole) {
    const own = model.isModule(place) ? 1 : 0;
    if (isWhole) { return { kind: "module", own: true, size: own }; }
    const single = (model.inner.get(place) || []).filter(part => !model.isPackage(part)).length + own;
    return single === 1 && own ? { kind: "module", own: true, size: 1 } : { kind: "package", rest: true, size: single };
  }

  // --- one module --------------------------------------------------------------------------------------------------

  explorer.viewModule = function (model, graph, place) {
    const imports = model.data.imports, links = new Links(model);
    const above = graph.to.get(place) || [], below = graph.from.get(place) || [];
    const users = [...new Set(above.map(row => imports.importer[row]))], used = [...new Set(below.map(row => imports.imported[row]))];
    const nodes = [makeNode(model, place, { kind: "focus", size: 1, layer: 1, own: true })];
    const put = (places, rows, layer, other) => {
      const grouped = groupPlaces(model, places, MOST_GROUPED);
      new Set(grouped.values()).forEach(each => {
        const members = places.filter(one => grouped.get(one) === each);
        const alone = members.length === 1 && members[0] === each;
        nodes.push(makeNode(model, each, { key: "l" + layer + "n" + each, layer: layer, ...(alone ? { kind: "module", size: 1 } : { size: members.length, partial: true }) }));
      });
      rows.forEach(row => {
        const key = "l" + layer + "n" + grouped.get(other[row]);
        links.add(layer ? "n" + place : key, layer ? key : "n" + place, row);
      });
    };
    put(users, above, 0, imports.importer);
    put(used, below, 2, imports.imported);
    const text = `Imported by ${count(users.length, "module")}, imports ${count(used.length, "module")}.`;
    const sides = [above, below].map((rows, at) => new Set(rows.map(row => (at ? imports.imported : imports.importer)[row])).size);
    return limit({ kind: "module", place: place, sides: sides, title: model.names[place], text: text, nodes: nodes, links: links.all, hidden: [] }, MOST_NODES);
  };

  // --- between two packages ----------------------------------------------------------------------------------------

  // Whether a module belongs to an end of a pair: to a package, or (`isSingle`) only to the modules directly in it.
  function isIn(model, place, whole, isSingle) {
    return isSingle ? place === whole || (model.parent[place] === whole && !model.isPackage(place)) : explorer.isWithin(model, place, whole);
  }

  explorer.viewPair = function (model, graph, a, b, singles) {
    const imports = model.data.imports, links = new Links(model), nodes = new Map();
    const outer = explorer.isWithin(model, b, a) && !singles[0], inner = explorer.isWithin(model, a, b) && !singles[1];
    graph.from.forEach((rows, importer) => {
      if (!isIn(model, importer, a, singles[0])) { return; }
      rows.forEach(row => {
        const imported = imports.imported[row];
        if (!isIn(model, imported, b, singles[1])) { return; }
        // Where one package lies in the other, what is in both is not between them.
        if ((outer && isIn(model, importer, b, singles[1])) || (inner && isIn(model, imported, a, singles[0]))) { return; }
        nodes.set("n" + importer, makeNode(model, importer, { kind: "module", size: 1, layer: 0 }));
        nodes.set("n" + imported, makeNode(model, imported, { kind: "module", size: 1, layer: 1 }));
        links.add("n" + importer, "n" + imported, row);
      });
    });
    const all = links.all, statements = all.reduce((sum, link) => sum + link.rows.length, 0);
    const names = [a, b].map((place, end) => model.names[place] + (singles[end] ? ".*" : ""));
    return limit({
      kind: "pair", a: a, b: b, title: names.join(" → "), nodes: [...nodes.values()], links: all, hidden: [],
      text: `${count(statements, "import statement")} of ${names[0]} ${statements === 1 ? "imports" : "import"} from ${names[1]}.`,
    }, MOST_NODES);
  };

  // --- chains and distances ----------------------------------------------------------------------------------------

  function linkBetween(model, graph, links, a, b, keyA, keyB) {
    const rows = (graph.from.get(a) || []), imports = model.data.imports;
    const direct = rows.filter(row => imports.imported[row] === b);
    (direct.length ? direct : rows.filter(row => explorer.findAncestors(model, a, imports.imported[row]).includes(b)))
      .forEach(row => links.add(keyA, keyB, row));
  }

  explorer.viewPath = function (model, graph, a, b) {
    const found = explorer.findPaths(model, graph, a, b, MOST_CHAINS), links = new Links(model), nodes = new Map();
    found.ways.forEach(way => way.forEach((place, step) => {
      const isLast = step === way.length - 1, key = isLast && place === a ? "end" : "n" + place;
      const isEnd = step === 0 || isLast;
      if (!nodes.has(key)) { nodes.set(key, makeNode(model, place, { key: key, kind: isEnd ? "focus" : "module", size: 1, layer: step })); }
      if (step) { linkBetween(model, graph, links, way[step - 1], place, "n" + way[step - 1], key); }
    }));
    const steps = found.ways.length ? found.ways[0].length - 1 : 0;
    const many = found.ways.length === MOST_CHAINS ? `The first ${MOST_CHAINS} shortest chains have` : `${count(found.ways.length, "shortest chain")} ${found.ways.length === 1 ? "has" : "have"}`;
    const text = steps ? `${many} ${count(steps, "import")}.${found.withAncestors ? " Packages that run on the way count, because no chain of named imports exists." : ""}`
      : `${model.names[a]} does not import ${model.names[b]}, not even through others${graph.isFiltered ? ", under these filters" : ""}.`;
    return limit({ kind: "path", a: a, b: b, title: `Why does ${model.names[a]} import ${model.names[b]}?`, text: text, ways: found.ways,
      nodes: [...nodes.values()], links: links.all, hidden: [] }, MOST_NODES);
  };

  explorer.viewDistances = function (model, graph, place, isForward) {
    const layers = explorer.findDistances(model, graph, place, isForward), imports = model.data.imports;
    const total = layers.reduce((sum, layer) => sum + layer.length, 0), depth = layers.length;
    const level = distance => isForward ? distance : depth - distance;
    const key = new Map([[place, "n" + place]]), nodes = [makeNode(model, place, { kind: "focus", size: 1, layer: level(0), own: true })];
    layers.forEach((layer, index) => {
      const grouped = groupPlaces(model, layer, Math.max(3, Math.floor(MOST_IN_DISTANCES / depth))), members = explorer.groupBy(layer, one => grouped.get(one));
      members.forEach((each, standing) => {
        const alone = each.length === 1 && each[0] === standing, name = "d" + index + "n" + standing;
        each.forEach(one => key.set(one, name));
        nodes.push(makeNode(model, standing, { key: name, layer: level(index + 1), distance: index + 1, members: each, ...(alone ? { kind: "module", size: 1 } : { size: each.length, partial: true }) }));
      });
    });
    const links = new Links(model);
    const near = new Map([[place, 0]]);
    layers.forEach((layer, index) => layer.forEach(one => near.set(one, index + 1)));
    near.forEach((distance, one) => (graph.from.get(one) || []).forEach(row => {
      const other = near.get(imports.imported[row]);
      if (other !== undefined && other === distance + (isForward ? 1 : -1)) { links.add(key.get(one), key.get(imports.imported[row]), row); }
    }));
    const name = model.names[place], direct = layers.length ? layers[0].length : 0;
    const what = isForward ? `${name} depends on ${count(total, "module")}` : `${count(total, "module")} ${total === 1 ? "depends" : "depend"} on ${name}`;
    const text = total ? `${what}: ${count(direct, "module")} directly${depth > 1 ? `, the others through up to ${count(depth - 1, "module")} in between` : ""}. Imports that statements name count.` : `${what}.`;
    return limit({ kind: isForward ? "depends" : "dependents", place: place, title: isForward ? `What does ${name} depend on?` : `What depends on ${name}?`,
      text: text, layers: layers, nodes: nodes, links: links.all, hidden: [] }, MOST_NODES);
  };

  // --- cycles ------------------------------------------------------------------------------------------------------

  explorer.EFFECT_WORDS = {
    fails: "an import fails because of it", swallowed: "a failure is silently swallowed", unknown: "not every first import was simulated",
    works: "every module can be imported first", later: "closed by functions or type checkers, harmless on import",
  };

  explorer.viewCycle = function (model, graph, number) {
    const cycle = model.data.cycles[number], inside = new Set(cycle.modules), imports = model.data.imports, links = new Links(model);
    const deferred = { "import-time": ["module", "class"], "deferred": ["module", "class", "function"] }[cycle.kind];
    inside.forEach(a => (graph.from.get(a) || []).forEach(row => {
      if (deferred && !deferred.includes(imports.marks[imports.mark[row]][1])) { return; }
      const ends = [imports.imported[row]].concat(cycle.ancestors ? explorer.findAncestors(model, a, imports.imported[row]) : []);
      ends.filter(b => inside.has(b) && b !== a).forEach(b => links.add("n" + a, "n" + b, row));
    }));
    const cut = new Set(cycle.cut.map(pair => `n${pair[0]}>n${pair[1]}`));
    const all = links.all;
    all.forEach(link => { link.effect = explorer.EFFECTS.indexOf(cycle.effect); link.cut = cut.has(link.key); });
    const loop = cycle.loop.map(step => step[0]);
    const order = new Map(loop.map((place, index) => [place, index - cycle.modules.length]));
    const nodes = cycle.modules.map((place, index) => makeNode(model, place, { kind: order.has(place) ? "focus" : "module", size: 1, order: order.has(place) ? order.get(place) : index }));
    const kind = { "import-time": "on import", "deferred": "through functions", "typing": "for type checkers" }[cycle.kind];
    const text = cycle.message ? cycle.message.replace(/[^.]$/, "$&.") : `${count(cycle.modules.length, "module")} import each other ${kind}: ${explorer.EFFECT_WORDS[cycle.effect]}.`;
    return limit({ kind: "cycle", cycle: cycle, title: `Cycle of ${count(cycle.modules.length, "module")} ${kind}`, text: text, nodes: nodes, links: all,
      ring: nodes.length <= 12, hidden: [] }, MOST_NODES);
  };

  // --- classes -----------------------------------------------------------------------------------------------------

  explorer.ROUTE_WORDS = { second: "the same file under a second name", definition: "definition", facade: "facade (a parent package)", shim: "explicit re-export", accidental: "accidental path" };

  // Returns the import paths of some classes, each class a group of its own: several groups are several live objects.
  explorer.viewClasses = function (model, title, numbers, text) {
    const nodes = [], links = [], groups = [];
    numbers.forEach(number => {
      const group = groups.length, each = model.data.classes[number], live = findLiveNames(model, each), start = each.paths.findIndex(path => path[1] === "definition");
      const source = index => index === start ? -1 : each.paths[index][8] >= 0 ? each.paths[index][8] : start;
      groups.push({ title: each.definition, text: [each.place, live.length ? "its file is loaded again under another name: see the next object" : "",
        each.hidden ? `not shown: ${count(each.hidden, "path")} that no import or few imports use` : ""].filter(Boolean).join("; ") });
      each.paths.forEach((path, index) => {
        const [name, route, statements, files, violations, isCanonical, file, line] = path, key = `c${number}p${index}`;
        nodes.push({ key: key, name: name, kind: "path", route: route, size: statements, files: files, violations: violations, isCanonical: isCanonical,
          place: -1, group: group, order: index, path: file, line: line, definition: each.definition });
        if (source(index) >= 0) {
          links.push({ key: `${key}>c${number}p${source(index)}`, a: key, b: `c${number}p${source(index)}`, rows: [], effect: -1, cut: false, wrong: violations, later: false, route: route });
        }
      });
    });
    addSecond(model, numbers, nodes, groups);
    return limit({ kind: "class", title: title, text: text, nodes: nodes, links: links, groups: groups, hidden: [] }, MOST_NODES);
  };

  // Returns the further names under which the file of a class is loaded in one process, with their evidence.
  function findLiveNames(model, each) {
    const place = model.places.get(each.definition.split(":")[0]), rows = place === undefined ? [] : model.second.get(place) || [];
    return [...explorer.groupBy(rows, row => row[1]).values()].map(same => same[0]);
  }

  // A file that is loaded under a second name makes each of its classes once more: an object of its own.
  function addSecond(model, numbers, nodes, groups) {
    numbers.forEach(number => findLiveNames(model, model.data.classes[number]).forEach(([, second, kind, path, line]) => {
      const own = model.data.classes[number].definition, name = own.split(":")[1];
      nodes.push({ key: `c${number}s${groups.length}`, name: `${second}.${name}`, kind: "path", route: "second", size: 0, files: 0, violations: 0, isCanonical: false,
        place: -1, group: groups.length, order: 0, path: path, line: line, definition: own });
      groups.push({ title: `${second}:${name}`, text: `the class of ${own} once more: its file is loaded again as ${second} (${kind})` });
    }));
  }
  explorer.findLiveNames = findLiveNames;
}(window.ssotExplorer = window.ssotExplorer || {}));
