// A figure with data to zoom into gets a view of it in place of its drawing, which stays for
// paper and for readers without this script. Text keeps its size, and nothing moves by itself.
{
  const LEAST = 10; // µs in view
  const LISTED = 40;
  const HEAD = 22;
  const BAR = 17;
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = "11px system-ui, sans-serif";
  // A little less than there is: the page's own font may be wider.
  const fits = (text, room) => room > pen.measureText(text).width * 1.06;
  const cut = (text, room) => {
    if (fits(text, room)) return text;
    let kept = text.slice(0, Math.max(0, Math.floor(room / 4)));
    while (kept && !fits(`${kept}…`, room)) kept = kept.slice(0, -1);
    return kept.length > 2 ? `${kept}…` : "";
  };
  // Of a path its last part says most.
  const short = (name, room) => (fits(name, room) ? name : cut(name.slice(name.lastIndexOf("/", name.length - 2) + 1), room));
  const within = (value, least, most) => Math.max(least, Math.min(value, most));
  const ms = (us, digits = 3) => (us / 1000).toFixed(digits);
  const took = ([, at, length, name], names) => `${ms(at)} + ${ms(length)} ms: ${names[name]}`;
  const step = (span, most) => {
    const ten = 10 ** Math.floor(Math.log10(span / most));
    return ten * ([1, 2, 5].find((one) => most >= span / (one * ten)) ?? 10);
  };

  const view = (figure, { axis, what, end, marks, lanes, names, pieces, all }) => {
    const space = "http://www.w3.org/2000/svg";
    const named = lanes.some(Boolean);
    const widest = Math.max(...lanes.map((name) => pen.measureText(name).width * 1.06));
    let [from, to, queued, side, pitch, chosen] = [0, end, false, 0, 0, undefined];
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("aria-hidden", "true");
    const draw = (tag, attributes, text) => {
      const one = document.createElementNS(space, tag);
      for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
      if (text) one.textContent = text;
      svg.append(one);
    };
    const field = of("div", { className: "zoom-field", tabIndex: 0 });
    field.setAttribute("role", "group");
    field.setAttribute("aria-label", `${figure.dataset.title}: plus and minus zoom, arrow keys move, Home shows all`);
    field.append(svg);
    const told = of("p", { className: "zoom-told soft" });
    const said = of("p");
    said.setAttribute("role", "status");
    const list = of("ol");
    const frame = of("div", { className: "zoom-list", tabIndex: 0 });
    frame.setAttribute("role", "region");
    frame.setAttribute("aria-label", `${what[1]} in view`);
    frame.append(list);

    const bars = (width, x) => {
      const open = lanes.map(() => undefined);
      const put = ({ lane, left, right, name }) => {
        const y = HEAD + lane * pitch + pitch - BAR - 2;
        draw("rect", { x: left.toFixed(1), y, width: Math.max(0.8, right - left - 0.6).toFixed(1), height: BAR, class: lane % 2 ? "even" : "" });
        const text = name !== undefined && right - left > 26 ? short(names[name], right - left - 7) : "";
        if (text) draw("text", { x: (left + 3).toFixed(1), y: y + BAR / 2 + 0.5 }, text);
      };
      for (const [lane, at, length, name] of pieces) {
        if (at > to || from > at + length) continue;
        const [left, right] = [within(x(at), side, width), within(x(at + length), side, width)];
        const last = open[lane];
        // Those too narrow to be told apart are one.
        if (last && 1.4 > left - last.left && 1.4 > right - left) last.right = Math.max(last.right, right), last.name = undefined;
        else {
          if (last) put(last);
          open[lane] = { lane, left, right, name };
        }
      }
      open.filter(Boolean).forEach(put);
    };

    const ruler = (width, x, bottom) => {
      const by = step((to - from) / 1000, Math.max(2, (width - side) / 80));
      const digits = Math.max(0, -Math.floor(Math.log10(by) + 1e-9));
      for (let n = Math.ceil(from / 1000 / by); to / 1000 >= n * by; n += 1) {
        const [at, text] = [x(n * by * 1000), (n * by).toFixed(digits)];
        const half = pen.measureText(text).width * 0.53;
        draw("line", { x1: at, x2: at, y1: HEAD, y2: bottom + 4, class: "faint" });
        draw("text", { x: within(at, side + half, width - half), y: bottom + 12, "text-anchor": "middle" }, text);
      }
      draw("line", { x1: side, x2: width, y1: bottom, y2: bottom });
      draw("text", { x: side, y: bottom + 30 }, axis);
      let free = side;
      for (const [at, name] of marks.filter(([at]) => at >= from && to >= at)) {
        const wide = pen.measureText(name).width * 1.06;
        const left = within(x(at) - wide / 2, side, width - wide);
        draw("line", { x1: x(at), x2: x(at), y1: 14, y2: bottom });
        if (free > left) continue;
        draw("text", { x: left, y: 7 }, name);
        free = left + wide + 6;
      }
    };

    const listing = () => {
      const seen = pieces.filter(([, at, length]) => to >= at && at + length >= from);
      const longest = [...seen].sort((a, b) => b[2] - a[2]).slice(0, LISTED).sort((a, b) => a[1] - b[1]);
      const beyond = all > pieces.length ? `; this page has the ${pieces.length} longest of ${all} ${what[1]}, ${figure.dataset.whole} has all` : "";
      const some = seen.length > LISTED ? `, the ${LISTED} longest` : "";
      said.textContent = `${ms(from)} to ${ms(to)} ms: ${seen.length} ${what[seen.length === 1 ? 0 : 1]}${some}${beyond}`;
      list.replaceChildren(...longest.map((piece) => of("li", { textContent: took(piece, names) })));
    };

    const render = () => {
      queued = false;
      const width = field.clientWidth;
      if (!width) return;
      side = named && width >= 720 ? Math.min(widest, 270) + 12 : 0;
      pitch = side || !named ? 20 : 36;
      const bottom = HEAD + lanes.length * pitch + 4;
      const x = (at) => side + ((at - from) / (to - from)) * (width - side);
      listing();
      svg.replaceChildren();
      svg.setAttribute("height", bottom + 40);
      ruler(width, x, bottom);
      bars(width, x);
      lanes.forEach((name, lane) => draw("text", { x: 0, y: HEAD + lane * pitch + (side ? 10 : 8) }, cut(name, side ? side - 8 : width)));
      if (chosen && to >= chosen[1] && chosen[1] + chosen[2] >= from) {
        const [left, right] = [within(x(chosen[1]), side, width), within(x(chosen[1] + chosen[2]), side, width)];
        draw("rect", { x: left, y: HEAD + (chosen[0] + 1) * pitch - BAR - 2, width: Math.max(2, right - left), height: BAR, class: "chosen" });
      }
    };
    const settle = (begin, span) => {
      span = within(span, Math.min(LEAST, end), end);
      from = within(begin, 0, end - span);
      to = from + span;
      later();
    };
    const later = () => {
      if (!queued) requestAnimationFrame(render);
      queued = true;
    };
    const zoom = (factor, at = (from + to) / 2) => {
      const span = within((to - from) * factor, Math.min(LEAST, end), end);
      settle(at - ((at - from) * span) / (to - from), span);
    };
    const move = (share) => settle(from + (to - from) * share, to - from);
    const whole = () => settle(0, end);

    // Where a pointer is: an instant, and the shortest piece there.
    const place = (event) => event.clientX - field.getBoundingClientRect().left;
    const instant = (px) => from + ((px - side) / (field.clientWidth - side)) * (to - from);
    const under = (event) => {
      const at = instant(place(event));
      const lane = Math.floor((event.clientY - field.getBoundingClientRect().top - HEAD) / pitch);
      const near = (2 * (to - from)) / field.clientWidth;
      const here = pieces.filter((one) => one[0] === lane && at >= one[1] - near && one[1] + one[2] + near >= at);
      return here.sort((a, b) => a[2] - b[2])[0];
    };
    const pointers = new Map();
    let moved = 0;
    field.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      pointers.set(event.pointerId, place(event));
      moved = pointers.size > 1 ? 99 : 0;
      field.setPointerCapture(event.pointerId);
    });
    field.addEventListener("pointermove", (event) => {
      if (!pointers.has(event.pointerId)) {
        chosen = under(event);
        told.textContent = chosen ? took(chosen, names) : "";
        return later();
      }
      const before = [...pointers.values()];
      moved += Math.abs(place(event) - pointers.get(event.pointerId));
      pointers.set(event.pointerId, place(event));
      const now = [...pointers.values()];
      const middle = (two) => two.reduce((a, b) => a + b) / two.length;
      const apart = ([a, b]) => Math.max(8, Math.abs(a - (b ?? a + 8)));
      const at = instant(middle(before));
      zoom(apart(before) / apart(now), at);
      move(-(middle(now) - middle(before)) / (field.clientWidth - side));
    });
    const ended = (event) => {
      if (!pointers.delete(event.pointerId) || event.type !== "pointerup" || moved > 4) return;
      const piece = under(event);
      if (piece) settle(piece[1] - piece[2] * 0.05, piece[2] * 1.1);
    };
    for (const name of ["pointerup", "pointercancel"]) field.addEventListener(name, ended);
    // The wheel scrolls the page, until the view has been chosen by a click or a key.
    field.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && document.activeElement !== field) return;
      event.preventDefault();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) move(event.deltaX / 1000);
      else zoom(Math.exp(within(event.deltaY, -200, 200) / 400), instant(place(event)));
    }, { passive: false });
    const keys = { "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), ArrowLeft: () => move(-0.2), ArrowRight: () => move(0.2), Home: whole, 0: whole, Escape: () => field.blur() };
    field.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      keys[event.key]();
    });
    const button = ([text, press]) => {
      const one = of("button", { type: "button", textContent: text });
      one.addEventListener("click", press);
      return one;
    };
    const buttons = of("div", { className: "zoom-keys" });
    buttons.append(...Object.entries({ "Zoom in": keys["+"], "Zoom out": keys["-"], Earlier: keys.ArrowLeft, Later: keys.ArrowRight, All: whole }).map(button));
    const about = of("p", { className: "soft", textContent: "Drag to move, click a bar to zoom to it; the wheel zooms with Ctrl or after a click, on the keyboard + and −, the arrows and Home." });
    const around = of("div", { className: "zoom" });
    around.append(of("p", { className: "zoom-title", textContent: figure.dataset.title }), buttons, field, told, said, frame, about);
    figure.querySelector("figcaption").after(around);
    figure.classList.add("zooms");
    new ResizeObserver(later).observe(field);
    whole();
  };
  for (const figure of document.querySelectorAll("figure[data-zoom]")) view(figure, JSON.parse(figure.dataset.zoom));
}
