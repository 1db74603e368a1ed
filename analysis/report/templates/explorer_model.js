// What the explorer knows: names, imports, cycles and classes of one target, and the questions that a view asks of them.
// Nothing here touches the page.
(function (explorer) {
  "use strict";
  // What a cycle does, the most severe first; the same words as in the data.
  const EFFECTS = ["fails", "swallowed", "unknown", "works", "later"];
  const ON_IMPORT = ["module", "class"];

  explorer.EFFECTS = EFFECTS;
  explorer.NO_FILTER = { scope: "", runs: "", only: "", tests: "" };

  explorer.readModel = function (data) {
    const nodes = data.nodes, count = nodes.label.length, imports = data.imports;
    const names = [], inner = new Map([[-1, []]]), sizes = new Int32Array(count);
    for (let place = 0; place < count; place += 1) { // a package stands before everything below it
      const parent = nodes.parent[place];
      names.push(parent < 0 ? nodes.label[place] : names[parent] + "." + nodes.label[place]);
      if (!inner.has(parent)) { inner.set(parent, []); }
      inner.get(parent).push(place);
    }
    for (let place = count - 1; place >= 0; place -= 1) {
      sizes[place] += nodes.module[place];
      if (nodes.parent[place] >= 0) { sizes[nodes.parent[place]] += sizes[place]; }
    }
    const model = {
      data: data, count: count, names: names, inner: inner, sizes: sizes, rank: nodes.rank, parent: nodes.parent,
      places: new Map(names.map((name, place) => [name, place])),
      lowered: names.map(name => name.toLowerCase()),
      isModule: place => nodes.module[place] === 1,
      isPackage: place => inner.has(place),
      file: place => nodes.file[place] < 0 ? "" : data.texts[nodes.file[place]],
      second: groupBy(data.second, row => row[0]),
      findings: groupBy(data.findings.flatMap(finding => finding[3].map(place => [place, finding])), pair => pair[0]),
      canonical: new Map(imports.canonical),
      cut: new Set(),
    };
    data.cycles.filter(cycle => cycle.kind === "import-time").forEach(cycle => cycle.cut.forEach(pair => model.cut.add(pair[0] * count + pair[1])));
    model.effects = findEffects(model);
    return model;
  };

  function groupBy(rows, key) {
    const groups = new Map();
    rows.forEach(row => {
      const name = key(row);
      if (!groups.has(name)) { groups.set(name, []); }
      groups.get(name).push(row);
    });
    return groups;
  }
  explorer.groupBy = groupBy;

  // Returns for each import what the cycle does to which it belongs: a number of EFFECTS, or -1.
  function findEffects(model) {
    const imports = model.data.imports, total = imports.importer.length;
    const found = new Int8Array(total).fill(-1);
    const layers = [["import-time", false], ["import-time", true], ["deferred", false], ["typing", false]];
    const scopes = { "import-time": ON_IMPORT, "deferred": ON_IMPORT.concat("function") };
    layers.forEach(([kind, ancestors]) => {
      const owner = new Int32Array(model.count).fill(-1);
      model.data.cycles.forEach((cycle, number) => {
        if (cycle.kind !== kind || cycle.ancestors !== ancestors) { return; }
        if (ancestors && EFFECTS.indexOf(cycle.effect) > 1) { return; } // without a failure it is nearly the whole program
        cycle.modules.forEach(place => { owner[place] = number; });
      });
      for (let row = 0; row < total; row += 1) {
        const mine = owner[imports.importer[row]];
        if (found[row] >= 0 || mine < 0 || mine !== owner[imports.imported[row]]) { continue; }
        const scope = imports.marks[imports.mark[row]][1];
        if (scopes[kind] && scopes[kind].indexOf(scope) < 0) { continue; }
        found[row] = EFFECTS.indexOf(model.data.cycles[mine].effect);
      }
    });
    return found;
  }

  // Returns the imports that a filter leaves: rows by importer and by imported module.
  explorer.selectImports = function (model, filter) {
    const imports = model.data.imports, total = imports.importer.length, tests = model.data.nodes.test;
    const marks = imports.marks.map(mark => fits(mark, filter));
    const from = new Map(), to = new Map();
    let kept = 0;
    for (let row = 0; row < total; row += 1) {
      const a = imports.importer[row], b = imports.imported[row];
      if (!marks[imports.mark[row]] || !isWanted(model, row, a, b, filter.only)) { continue; }
      if (filter.tests === "without" && (tests[a] || tests[b])) { continue; }
      put(from, a, row);
      put(to, b, row);
      kept += 1;
    }
    return { from: from, to: to, kept: kept };
  };

  function put(map, key, row) {
    const rows = map.get(key);
    if (rows) { rows.push(row); } else { map.set(key, [row]); }
  }

  function fits(mark, filter) {
    const scope = ON_IMPORT.indexOf(mark[1]) >= 0 ? "import" : mark[1];
    return (!filter.scope || filter.scope === scope) && (!filter.runs || filter.runs === mark[2]);
  }

  function isWanted(model, row, a, b, only) {
    const effect = model.effects[row];
    if (!only) { return true; }
    if (only === "cycle") { return effect >= 0 && EFFECTS[effect] !== "later"; }
    if (only === "wrong") { return model.canonical.has(row); }
    if (only === "second") { return model.second.has(a) || model.second.has(b); }
    return EFFECTS[effect] === only;
  }

  // Returns the packages that run on the way to a module, except those of the importer itself.
  explorer.findAncestors = function (model, importer, imported) {
    const found = [];
    for (let place = model.parent[imported]; place >= 0; place = model.parent[place]) {
      if (model.isModule(place) && !isWithin(model, importer, place)) { found.push(place); }
    }
    return found;
  };

  function isWithin(model, place, parent) {
    while (place >= 0 && place !== parent) { place = model.parent[place]; }
    return place === parent && parent >= 0;
  }
  explorer.isWithin = isWithin;

  // Returns up to some shortest chains of places; packages on the way count only where there is no other way.
  explorer.findPaths = function (model, graph, start, goal, most) {
    for (const withAncestors of [false, true]) {
      const next = place => neighbours(model, graph.from.get(place), withAncestors, place);
      const found = findWays(next, reverse(model, graph, withAncestors), start, goal, most);
      if (found.length) { return { ways: found, withAncestors: withAncestors }; }
    }
    return { ways: [], withAncestors: false };
  };

  function neighbours(model, rows, withAncestors, importer) {
    const found = new Set();
    (rows || []).forEach(row => {
      const imported = model.data.imports.imported[row];
      found.add(imported);
      if (withAncestors) { explorer.findAncestors(model, importer, imported).forEach(place => found.add(place)); }
    });
    return [...found].sort((a, b) => a - b);
  }

  function reverse(model, graph, withAncestors) {
    if (!withAncestors) {
      return place => new Set((graph.to.get(place) || []).map(row => model.data.imports.importer[row]));
    }
    const users = new Map();
    graph.from.forEach((rows, importer) => neighbours(model, rows, true, importer).forEach(place => {
      if (!users.has(place)) { users.set(place, new Set()); }
      users.get(place).add(importer);
    }));
    return place => users.get(place) || [];
  }

  function findWays(next, users, start, goal, most) {
    const depth = new Map([[goal, 0]]);
    let layer = [goal], isThere = false;
    for (let steps = 1; layer.length && !isThere; steps += 1) {
      const above = new Set();
      layer.forEach(place => users(place).forEach ? users(place).forEach(user => above.add(user)) : null);
      isThere = above.has(start);
      layer = [...above].filter(place => !depth.has(place));
      if (!isThere) { layer.forEach(place => depth.set(place, steps)); }
    }
    const ways = [], nearest = Math.min(...next(start).filter(place => depth.has(place)).map(place => depth.get(place)));
    const stack = Number.isFinite(nearest) ? [[start]] : [];
    while (stack.length && ways.length < most) {
      const way = stack.pop(), left = nearest + 1 - way.length;
      if (left < 0) { ways.push(way); continue; }
      const nearer = next(way[way.length - 1]).filter(place => depth.get(place) === left);
      nearer.reverse().forEach(place => stack.push(way.concat(place)));
    }
    return ways;
  }

  // Returns the modules that depend on one (or on which it depends) by distance: a list of lists of places.
  explorer.findDistances = function (model, graph, start, isForward) {
    const imports = model.data.imports, layers = [], known = new Set([start]);
    for (let layer = [start]; layer.length;) {
      const found = new Set();
      layer.forEach(place => ((isForward ? graph.from : graph.to).get(place) || []).forEach(row => {
        const other = isForward ? imports.imported[row] : imports.importer[row];
        if (!known.has(other)) { known.add(other); found.add(other); }
      }));
      layer = [...found].sort((a, b) => a - b);
      if (layer.length) { layers.push(layer); }
    }
    return layers;
  };

  // Returns places and classes whose names contain a text: those whose last part is or begins with it come first.
  explorer.search = function (model, text, most) {
    const wanted = text.trim().toLowerCase();
    if (!wanted) { return { found: [], total: 0 }; }
    const hits = [];
    const look = (name, lowered, hit) => {
      if (!lowered.includes(wanted)) { return; }
      const last = lowered.slice(Math.max(lowered.lastIndexOf("."), lowered.lastIndexOf(":")) + 1);
      const grade = last === wanted || lowered === wanted ? 0 : last.startsWith(wanted) ? 1 : last.includes(wanted) ? 2 : 3;
      hits.push({ grade: grade, name: name, ...hit });
    };
    model.names.forEach((name, place) => look(name, model.lowered[place], { view: model.isPackage(place) ? "package" : "module" }));
    model.data.classes.forEach(each => look(each.definition, each.definition.toLowerCase(), { view: "class" }));
    model.data.groups.forEach(each => {
      if (each.kind === "concept") { look(each.title, each.title.toLowerCase(), { view: "concept" }); }
    });
    hits.sort((a, b) => a.grade - b.grade || a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
    return { found: hits.slice(0, most), total: hits.length };
  };

  // Returns the statement of an import as it is written, without its line breaks.
  explorer.writeStatement = function (model, row) {
    const imports = model.data.imports, texts = model.data.texts;
    const kind = imports.marks[imports.mark[row]][0];
    const written = texts[imports.written[row]], names = texts[imports.names[row]];
    if (kind === "dynamic") { return `import_module("${written}")`; }
    if (kind === "run") { return `%run ${written}`; }
    if (kind === "import") { return names ? `import ${written} ${names}` : `import ${written}`; }
    return names ? `from ${written} import ${names}` : `import ${written}`;
  };
  explorer.findPlace = function (model, row) {
    const imports = model.data.imports;
    return { path: model.data.texts[imports.file[row]], line: imports.line[row] };
  };
}(window.ssotExplorer = window.ssotExplorer || {}));
