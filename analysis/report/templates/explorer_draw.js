// Draws a view of the explorer as SVG: importers above what they import, in few rows. All colours are style variables.
(function (explorer) {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const HEIGHT = 30, GAP_X = 14, GAP_ROW = 12, GAP_LAYER = 46, PADDING = 24, LONGEST = 30;
  const FONT = "13px system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif", NARROW = 480, NARROW_SCALE = 0.72;
  const MOST_LAYERS = 9, MOST_LINKS = 240, MOST_TIED = 40;

  function make(tag, attributes, parent) {
    const element = document.createElementNS(SVG, tag);
    Object.entries(attributes || {}).forEach(([name, value]) => element.setAttribute(name, value));
    if (parent) { parent.append(element); }
    return element;
  }

  let pen = null;
  function measure(text, isBold) {
    pen = pen || document.createElement("canvas").getContext("2d");
    pen.font = (isBold ? "600 " : "") + FONT;
    return pen.measureText(text).width;
  }

  // --- labels ------------------------------------------------------------------------------------------------------

  // Returns the packages that the names of nearly all nodes begin with: a view names them once.
  explorer.findPrefix = function (nodes) {
    const names = nodes.filter(node => node.drawn).map(node => node.name.split("."));
    let prefix = [];
    if (names.length < 3) { return ""; }
    for (;;) {
      const heads = new Map(), depth = prefix.length;
      names.filter(parts => parts.length > depth + 1 && prefix.every((part, at) => parts[at] === part))
        .forEach(parts => heads.set(parts[depth], (heads.get(parts[depth]) || 0) + 1));
      const [head, size] = [...heads].sort((a, b) => b[1] - a[1])[0] || ["", 0];
      if (size < 0.75 * names.length) { return prefix.length ? prefix.join(".") + "." : ""; }
      prefix = prefix.concat(head);
    }
  };

  function label(node, prefix) {
    let name = prefix && node.name.startsWith(prefix) ? node.name.slice(prefix.length) : node.name;
    const ownClass = node.definition ? "." + node.definition.split(/[:.]/).pop() : "";
    if (ownClass && name.endsWith(ownClass)) { name = name.slice(0, -ownClass.length); } // the frame names the class
    const own = node.rest ? ".*" : node.own && node.kind === "module" ? " (itself)" : "";
    const short = name.length > LONGEST ? "…" + name.slice(1 - LONGEST) : name;
    return short + own;
  }

  function badge(node) {
    if (node.kind === "path") { return node.size ? String(node.size) : ""; }
    return node.kind === "package" || node.partial ? (node.size > 1 || node.partial ? String(node.size) : "") : "";
  }

  // --- layout ------------------------------------------------------------------------------------------------------

  // Puts the nodes into layers, so that links point down: links with few imports do not count where it takes too many.
  function findLayers(nodes, links) {
    if (nodes.every(node => node.layer !== undefined)) { return nodes.map(node => node.layer); }
    const index = new Map(nodes.map((node, at) => [node.key, at]));
    const pairs = links.map(link => [index.get(link.a), index.get(link.b), link.rows.length || 1]);
    const place = new Array(nodes.length);
    sortByComponents(nodes, pairs).forEach((node, at) => { place[node] = at; });
    const forward = pairs.filter(pair => place[pair[0]] < place[pair[1]]).sort((a, b) => place[a[0]] - place[b[0]]);
    const weights = [...new Set(forward.map(pair => pair[2]))].sort((a, b) => a - b);
    for (const least of [0, ...weights]) {
      const layers = new Array(nodes.length).fill(0);
      forward.forEach(([a, b, weight]) => { if (weight >= least) { layers[b] = Math.max(layers[b], layers[a] + 1); } });
      if (Math.max(0, ...layers) < MOST_LAYERS) { return settle(layers, forward, least); }
    }
    return nodes.map(() => 0);
  }

  // Moves what only imports down to just above the first thing that it imports: links become short.
  function settle(layers, forward, least) {
    const imported = new Set(forward.filter(pair => pair[2] >= least).map(pair => pair[1]));
    const below = new Map();
    forward.forEach(([a, b, weight]) => { if (weight >= least) { below.set(a, Math.min(below.get(a) === undefined ? 99 : below.get(a), layers[b])); } });
    return layers.map((layer, at) => !imported.has(at) && below.has(at) ? Math.max(layer, below.get(at) - 1) : layer);
  }

  // Returns the numbers of the nodes: components of the graph in order, inside a component by rank (R. Tarjan, 1972).
  function sortByComponents(nodes, pairs) {
    const next = nodes.map(() => []), order = nodes.map((_, at) => at).sort((a, b) => nodes[b].order - nodes[a].order || b - a);
    pairs.forEach(([a, b]) => next[a].push(b));
    next.forEach(list => list.sort((a, b) => nodes[b].order - nodes[a].order));
    const seen = new Map(), low = [], open = [], isOpen = new Set(), found = [];
    const visit = start => {
      const stack = [[start, 0]];
      while (stack.length) {
        const frame = stack[stack.length - 1], at = frame[0];
        if (!frame[1]) { seen.set(at, seen.size); low[at] = seen.get(at); open.push(at); isOpen.add(at); }
        const other = next[at][frame[1]];
        frame[1] += 1;
        if (other !== undefined) {
          if (!seen.has(other)) { stack.push([other, 0]); } else if (isOpen.has(other)) { low[at] = Math.min(low[at], seen.get(other)); }
          continue;
        }
        if (low[at] === seen.get(at)) {
          const members = open.splice(open.indexOf(at));
          members.forEach(member => isOpen.delete(member));
          found.push(members.sort((a, b) => nodes[a].order - nodes[b].order));
        }
        stack.pop();
        if (stack.length) { const above = stack[stack.length - 1][0]; low[above] = Math.min(low[above], low[at]); }
      }
    };
    order.forEach(at => { if (!seen.has(at)) { visit(at); } });
    return found.reverse().flat();
  }

  // Sets x, y, width of each node and returns the size of the whole. Nodes without links stand at the end.
  function place(nodes, links, width) {
    const tied = new Set(links.flatMap(link => [link.a, link.b]));
    const joined = nodes.filter(node => tied.has(node.key) || node.layer !== undefined), alone = nodes.filter(node => !joined.includes(node));
    const layers = findLayers(joined, links), rows = [];
    joined.forEach((node, at) => { (rows[layers[at]] = rows[layers[at]] || []).push(node); });
    const used = rows.filter(Boolean);
    sortRows(used, links);
    let y = PADDING, widest = 0;
    const put = list => {
      const lines = wrap(list, width);
      lines.forEach((line, at) => {
        const total = line.reduce((sum, node) => sum + node.width + GAP_X, -GAP_X);
        let x = -total / 2;
        line.forEach(node => { node.x = x + node.width / 2; node.y = y + HEIGHT / 2; x += node.width + GAP_X; });
        widest = Math.max(widest, total);
        y += HEIGHT + (at < lines.length - 1 ? GAP_ROW : GAP_LAYER);
      });
    };
    used.forEach(put);
    if (alone.length) { put(alone); }
    return { width: widest + 2 * PADDING, height: Math.max(y - GAP_LAYER + PADDING, HEIGHT + 2 * PADDING) };
  }

  function wrap(list, width) {
    const total = list.reduce((sum, node) => sum + node.width + GAP_X, 0);
    const count = Math.ceil(total / width), goal = total / count, lines = [[]];
    let filled = 0;
    list.forEach(node => {
      if (filled && filled + node.width > Math.min(width, Math.max(goal * 1.08, 240))) { lines.push([]); filled = 0; }
      lines[lines.length - 1].push(node);
      filled += node.width + GAP_X;
    });
    return lines;
  }

  // Orders each row by the middle of its neighbours in the other rows, a few times down and up.
  function sortRows(rows, links) {
    const near = new Map();
    links.forEach(link => {
      if (!near.has(link.a)) { near.set(link.a, []); }
      if (!near.has(link.b)) { near.set(link.b, []); }
      near.get(link.a).push(link.b);
      near.get(link.b).push(link.a);
    });
    const at = new Map();
    const number = row => row.forEach((node, index) => at.set(node.key, (index + 0.5) / row.length));
    rows.forEach(row => { row.sort((a, b) => a.order - b.order); number(row); });
    for (let round = 0; round < 6; round += 1) {
      (round % 2 ? [...rows].reverse() : rows).forEach(row => {
        const middle = new Map(row.map(node => {
          const others = (near.get(node.key) || []).map(key => at.get(key)).filter(value => value !== undefined);
          return [node, others.length ? others.reduce((sum, value) => sum + value, 0) / others.length : at.get(node.key)];
        }));
        row.sort((a, b) => middle.get(a) - middle.get(b) || a.order - b.order);
        number(row);
      });
    }
  }

  function placeRing(nodes) {
    const radius = Math.max(90, nodes.length * 34), wide = 1.7;
    nodes.sort((a, b) => a.order - b.order).forEach((node, at) => {
      const angle = 2 * Math.PI * at / nodes.length + (nodes.length === 2 ? Math.PI : -Math.PI / 2);
      node.x = Math.cos(angle) * radius * wide;
      node.y = radius + PADDING + HEIGHT + Math.sin(angle) * radius;
    });
    const widest = Math.max(...nodes.map(node => Math.abs(node.x) + node.width / 2));
    const heights = nodes.map(node => node.y);
    const lowest = Math.min(...heights);
    nodes.forEach(node => { node.y += PADDING + HEIGHT / 2 - lowest; });
    return { width: 2 * widest + 2 * PADDING, height: Math.max(...heights) - lowest + HEIGHT + 2 * PADDING };
  }

  // Places the groups of a view side by side or below one another, each in a frame of its own.
  function placeGroups(view, nodes, links, width) {
    let x = 0, y = 0, tallest = 0, widest = 0;
    view.groups.forEach((group, number) => {
      const own = nodes.filter(node => node.group === number), keys = new Set(own.map(node => node.key));
      const size = place(own, links.filter(link => keys.has(link.a)), Math.min(width, 620));
      group.label = (view.groups.length > 1 ? `Object ${number + 1}: ` : "") + (group.title.startsWith(view.prefix) ? group.title.slice(view.prefix.length) : group.title);
      const frame = Math.max(size.width, Math.min(width, measure(group.label, true) + 28));
      if (x && x + frame > width) { x = 0; y += tallest + 20; tallest = 0; }
      own.forEach(node => { node.x += x + frame / 2; node.y += y + 36; });
      Object.assign(group, { x: x, y: y, width: frame, height: size.height + 36 });
      x += frame + 20;
      widest = Math.max(widest, x - 20);
      tallest = Math.max(tallest, size.height + 36);
    });
    const all = { width: widest, height: y + tallest };
    nodes.forEach(node => { node.x -= all.width / 2; });
    view.groups.forEach(group => { group.x -= all.width / 2; });
    return { width: all.width + 2 * PADDING, height: all.height + PADDING };
  }

  function lay(view, frame) {
    const nodes = view.nodes.filter(node => node.drawn), links = view.links.filter(link => link.drawn);
    const prefix = view.prefix = explorer.findPrefix(nodes);
    nodes.forEach(node => {
      node.label = label(node, prefix);
      node.badge = badge(node);
      node.width = Math.max(64, measure(node.label, node.kind === "focus") + (node.badge ? measure(node.badge) + 10 : 0) + 24);
    });
    if (view.ring) { return placeRing(nodes); }
    const put = view.groups ? width => placeGroups(view, nodes, links, width) : width => place(nodes, links, width);
    if (frame.width < NARROW) { return put(frame.width / NARROW_SCALE - 2 * PADDING); }
    let best = null;
    [1, 1.25, 1.5, 1.75, 2, 2.5].forEach(factor => {
      const size = put(frame.width * factor - 2 * PADDING), scale = Math.min(frame.width / size.width, frame.height / size.height, 1);
      if (!best || scale > best.scale * 1.04) { best = { factor: factor, scale: scale }; }
    });
    return put(frame.width * best.factor - 2 * PADDING);
  }

  // --- drawing -----------------------------------------------------------------------------------------------------

  function curve(a, b, isRing) {
    if (isRing) {
      const dx = b.x - a.x, dy = b.y - a.y, length = Math.hypot(dx, dy) || 1, bend = 0.12 * length;
      const start = border(a, dx, dy), end = border(b, -dx, -dy);
      const middle = [(start[0] + end[0]) / 2 - dy / length * bend, (start[1] + end[1]) / 2 + dx / length * bend];
      return `M${round(start[0])} ${round(start[1])}Q${round(middle[0])} ${round(middle[1])} ${round(end[0])} ${round(end[1])}`;
    }
    if (Math.abs(a.y - b.y) < HEIGHT) { // in one row: a bow below it
      const y = a.y + HEIGHT / 2, deep = y + 18 + Math.min(40, Math.abs(a.x - b.x) / 12);
      return `M${round(a.x)} ${y}C${round(a.x)} ${round(deep)} ${round(b.x)} ${round(deep)} ${round(b.x)} ${y + 3}`;
    }
    const down = a.y < b.y, from = a.y + (down ? HEIGHT / 2 : -HEIGHT / 2), to = b.y + (down ? -HEIGHT / 2 - 3 : HEIGHT / 2 + 3);
    const reach = Math.max(16, Math.min(120, Math.abs(to - from) * 0.45)) * (down ? 1 : -1);
    const shift = Math.max(-1, Math.min(1, (b.x - a.x) / 300));
    const x1 = a.x + shift * (a.width / 2 - 14), x2 = b.x - shift * (b.width / 2 - 14);
    return `M${round(x1)} ${round(from)}C${round(x1)} ${round(from + reach)} ${round(x2)} ${round(to - reach)} ${round(x2)} ${round(to)}`;
  }

  function border(node, dx, dy) {
    const scale = Math.min((node.width / 2 + 3) / (Math.abs(dx) || 1e-9), (HEIGHT / 2 + 3) / (Math.abs(dy) || 1e-9));
    return [node.x + dx * scale, node.y + dy * scale];
  }
  const round = value => Math.round(value * 10) / 10;

  // Between packages nearly every line has some non-canonical import: there it shows only where all of them are.
  explorer.nameTone = function (link) {
    if (link.route) { return link.wrong ? "wrong" : "plain"; }
    const effect = explorer.EFFECTS[link.effect];
    return effect && effect !== "later" ? effect : link.wrong && link.wrong === link.rows.length ? "wrong" : "plain";
  };
  const TONES = ["plain", "fails", "swallowed", "unknown", "works", "wrong"];

  function drawDefinitions(svg, id) {
    const definitions = make("defs", {}, svg);
    TONES.forEach(tone => {
      const marker = make("marker", { id: `${id}-${tone}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, markerUnits: "userSpaceOnUse", orient: "auto" }, definitions);
      make("path", { d: "M0 .8 8 4 0 7.2z", class: `x-head x-${tone}` }, marker);
    });
  }

  function drawLink(view, link, byKey, id, parent) {
    const tone = explorer.nameTone(link), a = byKey.get(link.a), b = byKey.get(link.b);
    const width = 1 + Math.min(3, Math.log2(Math.max(1, link.rows.length)) * 0.5);
    const names = ["x-link", `x-${tone}`, link.cut ? "x-cut" : "", link.later && !link.cut ? "x-deferred" : ""].filter(Boolean).join(" ");
    const path = make("path", { d: curve(a, b, view.ring), class: names, "stroke-width": round(width), "marker-end": `url(#${id}-${tone})`, "data-link": link.key }, parent);
    make("title", {}, path).textContent = explorer.describeLink(view, link, byKey);
    return path;
  }

  explorer.describeLink = function (view, link, byKey) {
    const a = byKey.get(link.a), b = byKey.get(link.b);
    if (link.route) { return `${a.name} is imported from ${b.name} (${explorer.ROUTE_WORDS[link.route]})`; }
    const effect = link.effect >= 0 && explorer.EFFECTS[link.effect] !== "later" ? `; in a cycle: ${explorer.EFFECT_WORDS[explorer.EFFECTS[link.effect]]}` : "";
    return `${a.name} → ${b.name}: ${explorer.count(link.rows.length, "import statement")}${effect}${link.cut ? "; to cut" : ""}${link.wrong ? `; ${explorer.count(link.wrong, "non-canonical import")}` : ""}`;
  };

  explorer.describeNode = function (node) {
    if (node.kind === "path") {
      if (node.route === "second") { return `${node.name}, ${explorer.ROUTE_WORDS.second}, an object of its own`; }
      return `${node.name}, ${explorer.ROUTE_WORDS[node.route]}${node.isCanonical ? ", canonical" : ""}, used by ${explorer.count(node.size, "import")} in ${explorer.count(node.files, "file")}${node.violations ? `, ${node.violations} of them non-canonical` : ""}`;
    }
    if (node.rest) { return `${node.name}, ${explorer.count(node.size, "module")} directly in it`; }
    if (node.kind === "package" || node.partial) { return `${node.name}, package, ${explorer.count(node.size, "module")}${node.partial ? " of it" : ""}`; }
    return `${node.name}, module${node.own && node.kind === "module" ? " (its __init__)" : ""}`;
  };

  function drawNode(node, parent, second) {
    const names = ["x-node", `x-${node.kind}`, node.outside ? "x-outside" : "", node.route ? `x-route-${node.route}` : "", node.isCanonical ? "x-canonical" : "", second ? "x-second" : ""].filter(Boolean).join(" ");
    const group = make("g", { class: names, "data-node": node.key, transform: `translate(${round(node.x)} ${round(node.y)})`, role: "button", tabindex: -1, "aria-label": explorer.describeNode(node) + (second ? ", has a second name" : "") }, parent);
    const box = { x: round(-node.width / 2), y: -HEIGHT / 2, width: round(node.width), height: HEIGHT, rx: node.kind === "package" || node.partial ? 4 : HEIGHT / 2 };
    if (node.kind === "package" || node.partial) { make("rect", { ...box, x: box.x + 4, y: box.y - 4, class: "x-back" }, group); }
    make("rect", { ...box, class: "x-box" }, group);
    const text = make("text", { x: round(node.badge ? -node.width / 2 + 11 : 0), y: 4.5, class: "x-label", "text-anchor": node.badge ? "start" : "middle" }, group);
    text.textContent = node.label;
    if (node.badge) { make("text", { x: round(node.width / 2 - 10), y: 4.5, class: "x-badge", "text-anchor": "end" }, group).textContent = node.badge; }
    make("title", {}, group).textContent = explorer.describeNode(node);
    return group;
  }

  // Draws a view into an element and returns { svg, size, drawn, hidden }; `frame` is the room in pixels.
  explorer.draw = function (view, frame, id, isSecond) {
    const size = lay(view, frame), nodes = view.nodes.filter(node => node.drawn);
    const byKey = new Map(nodes.map(node => [node.key, node]));
    const svg = make("svg", { class: "x-svg", role: "group", "aria-label": `${view.title}. ${view.text}` });
    drawDefinitions(svg, id);
    const scene = make("g", { class: "x-scene" }, svg), frames = make("g", {}, scene), under = make("g", {}, scene), over = make("g", {}, scene);
    (view.groups || []).forEach((group, number) => drawGroup(group, number, view.groups.length, frames));
    const links = view.links.filter(link => link.drawn), shown = links.slice(0, MOST_LINKS), rest = links.slice(MOST_LINKS);
    [...shown].reverse().forEach(link => drawLink(view, link, byKey, id, under));
    nodes.forEach(node => drawNode(node, over, isSecond(node)));
    return { svg: svg, scene: scene, size: size, byKey: byKey, rest: rest, drawRest: link => drawLink(view, link, byKey, id, under) };
  };

  function drawGroup(group, number, total, parent) {
    make("rect", { x: round(group.x), y: group.y, width: round(group.width), height: round(group.height), rx: 8, class: `x-group x-group-${total > 1 ? number % 4 : 0}` }, parent);
    make("text", { x: round(group.x + 12), y: group.y + 22, class: "x-group-title" }, parent).textContent = group.label;
    make("title", {}, parent.lastChild).textContent = `${group.title} (${group.text})`;
  }

  // --- export ------------------------------------------------------------------------------------------------------

  const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-family", "font-size", "font-weight", "fill-opacity", "stroke-opacity"];

  // Returns the picture as one SVG document, with the colours of the page.
  explorer.exportSvg = function (drawn, background) {
    const copy = drawn.svg.cloneNode(true), originals = drawn.svg.querySelectorAll("*"), copies = copy.querySelectorAll("*");
    originals.forEach((element, at) => {
      const style = getComputedStyle(element);
      copies[at].setAttribute("style", STYLES.map(name => `${name}:${style.getPropertyValue(name)}`).join(";"));
      ["tabindex", "role", "class"].forEach(name => copies[at].removeAttribute(name));
    });
    const { width, height } = drawn.size, scene = copy.querySelector("g");
    scene.removeAttribute("transform");
    Object.entries({ xmlns: SVG, viewBox: `${-width / 2} 0 ${width} ${height}`, width: Math.ceil(width), height: Math.ceil(height) }).forEach(([name, value]) => copy.setAttribute(name, value));
    ["style", "class", "tabindex"].forEach(name => copy.removeAttribute(name));
    const paper = make("rect", { x: -width / 2, y: 0, width: width, height: height, fill: background });
    copy.insertBefore(paper, copy.firstChild);
    return new XMLSerializer().serializeToString(copy);
  };

  // Returns a promise of the picture as a PNG, twice as large as on the page, as far as a browser can.
  explorer.exportPng = function (svg, size) {
    const scale = Math.min(2, 8000 / Math.max(size.width, size.height));
    return new Promise((resolve, reject) => {
      const image = new Image();
      image.onload = () => {
        const canvas = document.createElement("canvas");
        canvas.width = Math.ceil(size.width * scale);
        canvas.height = Math.ceil(size.height * scale);
        canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
        canvas.toBlob(blob => blob ? resolve(blob) : reject(new Error("no picture")), "image/png");
      };
      image.onerror = () => reject(new Error("no picture"));
      image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(svg);
    });
  };
  explorer.MOST_TIED = MOST_TIED;
}(window.ssotExplorer = window.ssotExplorer || {}));
