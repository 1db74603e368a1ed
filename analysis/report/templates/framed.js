// In a frame: take the form of the colours that the notebook around it has.
addEventListener("message", function (event) {
  "use strict";
  var theme = event.source === parent && event.data && event.data.ssotTheme;
  if (theme === "light" || theme === "dark") {
    document.documentElement.dataset.theme = theme;
    dispatchEvent(new Event("ssot-theme"));
  }
});
parent.postMessage({ ssotAsks: true }, "*");
