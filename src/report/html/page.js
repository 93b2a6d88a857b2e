"use strict";
// Leads through the run's time: what is on the page already is shown as far as it had happened. It asks nobody for anything.
(() => {
  const byId = (id) => document.getElementById(id);
  const box = byId("replay"), range = byId("r-at"), play = byId("r-play"), speed = byId("r-speed");
  const number = (node, name) => Number(node.dataset[name]);
  const length = number(box, "length"), began = number(box, "began");
  const timed = (which) =>
    Array.from(document.querySelectorAll(which), (node) => ({ node, at: number(node, "at") })).sort((a, b) => a.at - b.at);
  const facts = timed("tr[data-at]"), pieces = timed("span[data-at]"), outputs = timed("details[data-at]");
  const steps = Array.from(document.querySelectorAll("#r-steps li"), (node) => ({
    node,
    word: node.querySelector(".state"),
    states: node.dataset.states.split(";").map((part) => {
      const [at, word] = part.split("|");
      return { at: Number(at), word };
    }),
  }));

  /** Counts what had happened by then. */
  const until = (list, at) => {
    let low = 0, high = list.length;
    while (high > low) {
      const middle = Math.floor((low + high) / 2);
      if (list[middle].at > at) { high = middle; } else { low = middle + 1; }
    }
    return low;
  };
  /** Hides what came later; only what changes is touched. */
  const reveal = (list) => {
    let seen = list.length;
    return (at) => {
      const to = until(list, at);
      while (seen > to) { seen -= 1; list[seen].node.classList.add("later"); }
      while (to > seen) { list[seen].node.classList.remove("later"); seen += 1; }
      return to;
    };
  };
  const upTo = { facts: reveal(facts), pieces: reveal(pieces), outputs: reveal(outputs) };

  const two = (of) => String(of).padStart(2, "0");
  const clock = (ms) => {
    const s = Math.floor(ms / 1000), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
  };
  const rto = (at) => {
    if (box.dataset.onset === undefined) { return "no onset is recorded"; }
    const since = at - number(box, "onset");
    if (0 > since) { return `${clock(-since)} before onset`; }
    if (box.dataset.restoredAt !== undefined) {
      if (at >= number(box, "restoredAt")) { return `restored ${clock(number(box, "restored"))} after onset`; }
    }
    if (box.dataset.rto === undefined) { return `${clock(since)} since onset`; }
    const left = number(box, "rto") - since;
    const rest = 0 > left ? `OVER BY ${clock(-left)}` : `${clock(left)} left`;
    return `RTO ${clock(since)} of ${clock(number(box, "rto"))}, ${rest}`;
  };

  let now = length, plays = false, last = 0;
  const lines = (count) => facts.slice(Math.max(0, count - 8), count).map(({ node }) => {
    const line = document.createElement("li");
    const time = node.cells[1].textContent.slice(11, 19);
    line.textContent = `${time} ${node.cells[3].textContent}`;
    return line;
  });
  /** Reads the end of what the attempt had printed that printed last. */
  const printed = (count) => {
    if (count === 0) { return ""; }
    const pre = pieces[count - 1].node.closest("pre");
    const seen = Array.from(pre.childNodes).filter((part) => part.nodeType === 1 ? !part.classList.contains("later") : true);
    return seen.map((part) => part.textContent).join("").slice(-4000);
  };
  const show = (at) => {
    now = Math.min(Math.max(at, 0), length);
    range.value = String(Math.round(now));
    const time = new Date(began + now).toISOString().slice(11, 19);
    byId("r-clock").textContent = rto(now);
    byId("r-time").textContent = `${clock(now)} of ${clock(length)}, ${time} UTC`;
    range.setAttribute("aria-valuetext", byId("r-time").textContent);
    for (const step of steps) {
      const word = step.states[Math.max(0, until(step.states, now) - 1)].word;
      step.word.textContent = word;
      step.node.className = word.replaceAll(" ", "-");
    }
    byId("r-latest").replaceChildren(...lines(upTo.facts(now)));
    byId("r-printed").textContent = printed(upTo.pieces(now));
    upTo.outputs(now);
  };

  const stop = () => { plays = false; play.textContent = "Play"; };
  const frame = (at) => {
    if (!plays) { return; }
    show(now + (at - last) * Number(speed.value));
    last = at;
    if (now >= length) { stop(); } else { requestAnimationFrame(frame); }
  };
  play.addEventListener("click", () => {
    if (plays) { stop(); return; }
    plays = true;
    play.textContent = "Pause";
    if (now >= length) { show(0); }
    requestAnimationFrame((at) => { last = at; frame(at); });
  });
  range.addEventListener("input", () => { stop(); show(Number(range.value)); });
  byId("r-back").addEventListener("click", () => {
    stop();
    const before = until(facts, now - 1);
    show(before > 0 ? facts[before - 1].at : 0);
  });
  byId("r-on").addEventListener("click", () => {
    stop();
    const next = until(facts, now);
    show(facts.length > next ? facts[next].at : length);
  });
  box.hidden = false;
  show(length);

  // On paper everything is open.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = Array.from(document.querySelectorAll("details:not([open])"));
    for (const node of closed) { node.open = true; }
  });
  addEventListener("afterprint", () => {
    for (const node of closed) { node.open = false; }
  });
})();
