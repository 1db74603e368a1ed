// Draws every network of the page when it comes into view, in the colours of the page. The wheel and touch belong to the
// page until the reader asks to explore a picture.
(function () {
  "use strict";
  var NODES = { plain: ["node", "accent"], focus: ["node-focus", "red"], other: ["node-other", "border"] };
  var EDGES = { plain: "edge", mutual: "red", cut: "red", loop: "accent" };
  var drawn = [];
  function find(name) {
    var probe = document.createElement("span");
    probe.style.color = "var(--" + name + ")";
    document.body.appendChild(probe);
    var colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  }
  function paint(data) {
    var colours = {};
    function of(name) { colours[name] = colours[name] || find(name); return colours[name]; }
    return {
      nodes: data.nodes.map(function (node) {
        var pair = NODES[node.kind], fill = of(pair[0]), ink = of("ink");
        return Object.assign({}, node, {
          color: { background: fill, border: of(pair[1]), highlight: { background: fill, border: ink }, hover: { background: fill, border: ink } },
          font: { color: ink, strokeColor: of("paper") }
        });
      }),
      edges: data.edges.map(function (edge) {
        var colour = of(EDGES[edge.kind]), arrow = { enabled: true, scaleFactor: 0.5 };
        return Object.assign({}, edge, {
          color: { color: colour, highlight: of("ink"), hover: colour }, dashes: edge.kind === "cut",
          arrows: { to: arrow, from: { enabled: edge.kind === "mutual", scaleFactor: 0.5 } },
          smooth: edge.bend ? { enabled: true, type: "curvedCW", roundness: edge.bend } : false
        });
      })
    };
  }
  function draw(figure) {
    if (figure.dataset.drawn) { return; }
    figure.dataset.drawn = "yes";
    var data = JSON.parse(figure.querySelector("script").textContent);
    var frame = figure.querySelector(".canvas"), place = document.createElement("div");
    place.className = "live";
    place.setAttribute("aria-hidden", "true");
    frame.insertBefore(place, frame.firstChild);
    var network = new vis.Network(place, paint(data), data.options);
    place.querySelectorAll("[tabindex]").forEach(function (part) { part.removeAttribute("tabindex"); });
    function fit() { network.fit({ animation: false }); }
    network.once("afterDrawing", fit);
    window.addEventListener("resize", fit);
    drawn.push(function () {
      var view = { position: network.getViewPosition(), scale: network.getScale() };
      network.setData(paint(data));
      network.moveTo(view);
    });
    var button = document.createElement("button");
    button.type = "button";
    button.className = "explore";
    button.setAttribute("aria-pressed", "false");
    button.textContent = "Explore";
    button.addEventListener("click", function () {
      var active = figure.classList.toggle("active");
      button.setAttribute("aria-pressed", String(active));
      button.textContent = active ? "Done" : "Explore";
      if (!active) { fit(); }
    });
    figure.insertBefore(button, frame);
  }
  addEventListener("ssot-theme", function () { drawn.forEach(function (again) { again(); }); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", function () { drawn.forEach(function (again) { again(); }); });
  var figures = Array.prototype.slice.call(document.querySelectorAll("figure.network"));
  if ("IntersectionObserver" in window) {
    var watcher = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (entry.isIntersecting) { watcher.unobserve(entry.target); draw(entry.target); }
      });
    }, { rootMargin: "400px" });
    figures.forEach(function (figure) { watcher.observe(figure); });
  } else {
    figures.forEach(draw);
  }
}());
