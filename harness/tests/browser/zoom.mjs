// What is wrong with drawings that can be zoomed into, worked by button, key, wheel and drag.

/** What is in view of the first of them: its ends in ms, and how many names it shows. */
async function state(page) {
  // What was asked for is drawn with the next frame.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  return page.evaluate(() => {
    const zoom = document.querySelector(".zoom");
    const [from, to] = zoom.querySelector("[role=status]").textContent.match(/[\d.]+/g).map(Number);
    const texts = [...zoom.querySelectorAll("text")];
    return {
      from,
      span: to - from,
      names: [...zoom.querySelectorAll(".zoom-list li")].map((one) => one.textContent),
      rects: zoom.querySelectorAll("rect").length,
      sizes: [...new Set(texts.map((one) => getComputedStyle(one).fontSize))].join(),
      still: getComputedStyle(document.querySelector(".zooms > .on-wide, .zooms > .scroll")).display === "none",
    };
  });
}

const near = (a, b) => Math.abs(a - b) <= 0.02 * Math.max(Math.abs(a), Math.abs(b)) + 0.01;

/** Works the first drawing in every way, and leaves it zoomed in. */
export async function zooming(page) {
  const wrong = [];
  const holds = (is, says) => is || wrong.push(says);
  const whole = await state(page);
  holds(whole.still, "the drawing stands beside what can be zoomed into");
  holds(whole.names.length > 0 && whole.rects > 0, "nothing is shown of the whole");
  const press = (text) =>
    page.evaluate((text) => {
      [...document.querySelectorAll(".zoom-keys button")].find((one) => one.textContent === text).click();
    }, text);

  await press("Zoom in");
  const pressed = await state(page);
  holds(near(pressed.span, whole.span / 2), `a button shows ${pressed.span} of ${whole.span} ms`);
  await press("All");
  await page.focus(".zoom-field");
  for (const key of ["+", "+", "+", "ArrowLeft"]) await page.keyboard.press(key);
  const keyed = await state(page);
  holds(near(keyed.span, whole.span / 8), `three keys show ${keyed.span} of ${whole.span} ms`);
  holds(keyed.from < whole.span / 2 - keyed.span / 2 - 0.01, "an arrow does not move it");
  holds(keyed.sizes === whole.sizes, `text of ${whole.sizes} becomes ${keyed.sizes}`);

  const field = await page.$(".zoom-field");
  await field.scrollIntoView();
  const { x, y, width } = await field.boundingBox();
  await page.mouse.move(x + width * 0.75, y + 40);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.7, y + 40, { steps: 4 });
  await page.mouse.up();
  const dragged = await state(page);
  holds(dragged.from > keyed.from && near(dragged.span, keyed.span), "dragging does not move it");
  await page.mouse.wheel({ deltaY: -200 });
  const wheeled = await state(page);
  holds(wheeled.span < dragged.span * 0.8, "the wheel does not zoom where it has the focus");

  await page.keyboard.press("Home");
  const again = await state(page);
  holds(again.from === whole.from && again.names.join() === whole.names.join(), "Home does not show all again");
  for (let times = 0; times < 5; times += 1) await page.keyboard.press("+");
  return wrong;
}
