"use strict";
{
  const POLL_MS = 2000, STALE_MS = 90000;
  const at = id => document.getElementById(id);
  let last = "", changed = Date.now(), readings = -1, drawnWidth = 0, sheets = [];

  // ---- charts ------------------------------------------------------------------------------------------------------

  const make = (name, attributes, text) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const html = (name, text, kind) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (kind) element.className = kind;
    return element;
  };
  // A sentence whose options stay whole: browsers break lines within --for.
  const spoken = sentence => {
    const item = html("li");
    item.append(...sentence.split(/(--[a-z][a-z-]*)/).map((part, i) => i % 2 ? html("span", part) : part));
    return item;
  };
  const short = x => x >= 1e6 ? +(x / 1e6).toFixed(2) + "M" : x >= 1e3 ? +(x / 1e3).toFixed(1) + "k" : String(+x.toPrecision(3));
  const isNumber = x => typeof x === "number";
  // Steps of 1, 2 or 5 times a power of ten, some five of them.
  const marks = (low, high) => {
    const rough = (high - low) / 5 || 1, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find(times => times * power >= rough) * power;
    const found = [];
    for (let x = Math.ceil(low / step) * step; x <= high + step / 1e6; x += step) found.push(+x.toPrecision(10));
    return found;
  };
  const smoothed = (values, window) => values.map((_, i) => {
    const reach = Math.floor(window / 2), cut = values.slice(Math.max(0, i - reach), i + reach + 1).filter(isNumber);
    return cut.length ? cut.reduce((a, b) => a + b) / cut.length : null;
  });
  const path = (values, x, y) => values.map((v, i) => isNumber(v) ? [x(i), y(v)] : null).reduce(
    (text, point, i, all) => point ? text + (i && all[i - 1] ? "L" : "M") + point.map(n => n.toFixed(1)).join(" ") : text, "");

  const drawn = chart => {
    const images = chart.images;
    // On a phone a picture of its own width, so that letters aren't made smaller with it.
    const [height, left, right, top, bottom] = [260, 44, 8, 8, 34], width = Math.min(560, Math.max(240, innerWidth - 90));
    const known = chart.lines.flatMap(line => line.values).filter(isNumber);
    let [low, high] = chart.limits;
    low ??= Math.min(...known);
    high ??= 1.1 * Math.max(...known, chart.guide ?? -Infinity);
    if (high <= low) high = low + 1;
    const most = Math.max(images[images.length - 1], 1);
    const x = images_ => left + images_ / most * (width - left - right);
    const y = value => height - bottom - (Math.min(Math.max(value, low), high) - low) / (high - low) * (height - top - bottom);
    const svg = make("svg", {viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true"});
    for (const value of marks(low, high)) {
      svg.append(make("line", {x1: left, x2: width - right, y1: y(value), y2: y(value), style: "stroke: var(--faint)", "stroke-width": .6}),
        make("text", {x: left - 6, y: y(value) + 4, "text-anchor": "end"}, short(value)));
    }
    for (const count of marks(0, most)) svg.append(make("text", {x: x(count), y: height - 18, "text-anchor": "middle"}, short(count)));
    svg.append(make("text", {x: (left + width) / 2, y: height - 3, "text-anchor": "middle"}, "images seen"));
    if (chart.guide !== null) svg.append(make("line", {x1: left, x2: width - right, y1: y(chart.guide), y2: y(chart.guide), style: "stroke: var(--ink)", "stroke-dasharray": "5 4"}));
    const window = Math.max(1, Math.round(images.length / 15));
    for (const line of chart.lines) {
      const stroke = {fill: "none", style: `stroke: var(--${line.colour})`}, place = i => x(images[i]);
      svg.append(make("path", {d: path(line.values, place, y), opacity: .35, ...stroke}),
        make("path", {d: path(smoothed(line.values, window), place, y), "stroke-width": 2, "stroke-dasharray": line.dashes.map(n => 2 * n).join(" "), ...stroke}));
      if (images.length < 4) line.values.forEach((v, i) => isNumber(v) && svg.append(make("circle", {cx: place(i), cy: y(v), r: 3, style: `fill: var(--${line.colour})`})));
    }
    return svg;
  };
  const figure = chart => {
    const shown = html("figure", undefined, "card chart"), picture = html("div");
    shown.append(html("h3", chart.title), html("p", chart.reading));
    if (chart.lines.length > 1) {
      const legend = html("ul", undefined, "legend");
      for (const line of chart.lines) {
        const item = html("li"), swatch = html("i");
        swatch.style.background = `var(--${line.colour})`;
        item.append(swatch, line.label);
        legend.append(item);
      }
      shown.append(legend);
    }
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", chart.title + ", over images seen. Last values: " + chart.lines.map(
      line => line.label + " " + short(line.values.filter(isNumber).pop())).join(", ") + ".");
    picture.append(drawn(chart));
    shown.append(picture);
    return shown;
  };

  // ---- the sheets --------------------------------------------------------------------------------------------------

  const slider = at("slider");
  const show = () => {
    const sheet = sheets[slider.value];
    if (!sheet) return;
    if (at("shown").getAttribute("src") !== sheet.src) at("shown").src = sheet.src;
    at("shown").alt = "Generated pictures: " + sheet.label;
    at("moment").textContent = sheet.label;
    slider.setAttribute("aria-valuetext", sheet.label);
  };
  slider.addEventListener("input", show);
  const take = newer => {
    const follows = slider.value === slider.max, before = sheets[slider.value];
    sheets = newer;
    at("sheets").hidden = !sheets.length;
    slider.max = Math.max(sheets.length - 1, 0);
    const same = sheets.findIndex(sheet => before && sheet.src === before.src);
    slider.value = follows || same < 0 ? slider.max : same;
    show();
  };

  // ---- what live.js calls, each time that it is read ----------------------------------------------------------------

  window.figment = (data, charts) => {
    const text = JSON.stringify([data.state, data.now, data.readings]);
    if (text !== last) [last, changed] = [text, Date.now()];
    at("state").textContent = data.state;
    at("share").style.width = 100 * data.share + "%";
    at("share").parentNode.setAttribute("aria-valuenow", Math.round(100 * data.share));
    at("now").textContent = data.now;
    at("verdict").textContent = data.words;
    at("said").replaceChildren(...data.said.map(spoken));
    at("told").hidden = !data.said.length;
    take(data.sheets);
    if (data.readings !== readings || innerWidth !== drawnWidth) {
      [readings, drawnWidth] = [data.readings, innerWidth];
      at("curves").hidden = !charts.length;
      at("charts").replaceChildren(...charts.map(figure));
    }
    const silent = data.running && Date.now() - changed > STALE_MS;
    at("stale").hidden = !silent;
    at("stale").textContent = silent ? `Nothing new for ${Math.round((Date.now() - changed) / 60000)} min: if nothing trains any more, go on with ${data.resume}` : "";
  };
  const read = () => {
    if (document.hidden) return;
    const script = document.createElement("script");
    script.src = "live.js?" + Date.now();
    script.onload = script.onerror = () => script.remove();
    document.head.append(script);
  };
  document.addEventListener("visibilitychange", read);
  setInterval(read, POLL_MS);
  read();
}
