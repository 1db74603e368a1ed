// Draws every network of the page when it comes into view. The wheel and touch belong to the page
// until the reader asks to explore a picture.
(function () {
  "use strict";
  function draw(figure) {
    if (figure.dataset.drawn) { return; }
    figure.dataset.drawn = "yes";
    var data = JSON.parse(figure.querySelector("script").textContent);
    var place = figure.querySelector(".canvas");
    place.textContent = "";
    var network = new vis.Network(place, { nodes: data.nodes, edges: data.edges }, data.options);
    function fit() { network.fit({ animation: false }); }
    network.once("afterDrawing", fit);
    window.addEventListener("resize", fit);
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
    figure.insertBefore(button, place);
  }
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
