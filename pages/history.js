// One click is one step back, and Back leads to where one was on the page.
(() => {
  if (window.toymodelHistory) return;
  window.toymodelHistory = true;

  const main = () => document.querySelector('[data-testid="stMain"]');
  const places = new Map();
  let going = 0;

  // Streamlit adds an entry for the link and another for the page. What follows from the same
  // gesture, or from none, replaces the entry instead.
  let gestures = 0;
  let told = 0;
  const gesture = () => {
    gestures++;
    // Where one is when one leaves: a page that is drawn anew scrolls by itself.
    const found = main();
    if (found && !going) places.set(location.href, found.scrollTop);
  };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, gesture, true);
  const push = history.pushState.bind(history);
  history.pushState = (...entry) => {
    if (gestures === told) history.replaceState(...entry);
    else push(...entry);
    told = gestures;
  };

  const stop = () => {
    clearInterval(going);
    going = 0;
  };
  for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"])
    addEventListener(kind, stop, true);
  addEventListener("popstate", () => {
    const place = places.get(location.href) ?? 0;
    const until = Date.now() + 10000;
    let quiet = 0;
    stop();
    // The page is drawn in parts: what is above may still grow.
    going = setInterval(() => {
      const found = main();
      if (found) found.scrollTop = place;
      const there = document.querySelector('[data-test-script-state="notRunning"]');
      quiet = there && found && Math.abs(found.scrollTop - place) < 2 ? quiet + 1 : 0;
      if (quiet > 15 || Date.now() > until) stop();
    }, 100);
  });
})();
