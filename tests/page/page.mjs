// Looks at one page in Chromium for scripts/page-test. Standard input says what to look at, as JSON; each line of the output
// says what was found. The exit code is 1 if something is wrong.

import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
const task = JSON.parse(readFileSync(0, 'utf8'));
const origin = `http://127.0.0.1:${task.port}`;
const faults = [];

function check(what, isGood, found = '') {
  if (!isGood) faults.push(`${what}: ${typeof found === 'string' ? found : JSON.stringify(found)}`);
}

const browser = await chromium.launch({ executablePath: task.chromium, args: ['--no-sandbox'] });

/** Opens a page; what its console says and what it asks of others are faults. */
async function open(path, { width = 1280, height = 900, scheme = 'light', scale = 1 } = {}) {
  const httpCredentials = { username: 'anybody', password: task.key };
  const viewport = { width, height };
  const context = await browser.newContext({ viewport, colorScheme: scheme, httpCredentials, deviceScaleFactor: scale });
  const page = await context.newPage();
  page.on('console', message => check(`console of ${path}`, false, message.text()));
  page.on('pageerror', error => check(`error of ${path}`, false, String(error)));
  page.on('request', request => check(`request of ${path}`, request.url().startsWith(`${origin}/`), request.url()));
  const response = await page.goto(origin + path);
  return { context, page, response };
}

/** What a user sees who gives this key at the prompt, or none: how often the browser asks, and the status. */
async function answered(password) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  const asked = [];
  session.on('Fetch.requestPaused', ({ requestId }) => session.send('Fetch.continueRequest', { requestId }).catch(() => {}));
  session.on('Fetch.authRequired', ({ requestId, authChallenge: { scheme, realm } }) => {
    asked.push(`${scheme} ${realm}`);
    const gives = password !== null && asked.length === 1;
    const authChallengeResponse = gives
      ? { response: 'ProvideCredentials', username: 'anybody', password }
      : { response: 'CancelAuth' };
    session.send('Fetch.continueWithAuth', { requestId, authChallengeResponse }).catch(() => {});
  });
  await session.send('Fetch.enable', { handleAuthRequests: true });
  const response = await page.goto(origin + '/');
  const found = [asked, response.status()];
  await context.close();
  return JSON.stringify(found);
}

async function login() {
  const prompt = 'basic weatherhook';
  for (const [password, asked, status] of [
    [null, [prompt], 401],
    ['wrong-key-0123456789', [prompt, prompt], 401],
    [task.key, [prompt], 200],
  ]) {
    const found = await answered(password);
    check(`prompts and status with ${password ?? 'no key'}`, found === JSON.stringify([asked, status]), found);
  }
}

/** Widths without scrolling to the side, also with all tables open, and pictures. */
async function looks(name, path) {
  for (const scheme of ['light', 'dark']) {
    for (const width of [320, 768, 1920]) {
      const { context, page } = await open(path, { width, height: 1080, scheme });
      const wide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      check(`${name}, ${width} px: wider by`, await wide() <= 0, await wide());
      await page.screenshot({ path: `${task.pictures}/${name}-${width}-${scheme}.png`, fullPage: name !== 'list' });
      await page.evaluate(() => document.querySelectorAll('details').forEach(each => { each.open = true; }));
      check(`${name}, ${width} px, tables open: wider by`, await wide() <= 0, await wide());
      await context.close();
    }
    // A page that loads itself again once a minute is a fault for axe. It can be stopped, which is what the other path does.
    for (const [query, rules] of [['', { 'meta-refresh': { enabled: false } }], ['refresh=off', {}]]) {
      const separator = query && (path.includes('?') ? '&' : '?');
      const { context, page } = await open(path + separator + query, { scheme });
      await page.evaluate(() => document.querySelectorAll('details').forEach(each => { each.open = true; }));
      await page.evaluate(axe);
      const { violations, passes } = await page.evaluate(rules => axe.run(document, { rules }), rules);
      for (const { id, nodes } of violations) check(`axe, ${name}, ${scheme}: ${id}`, false, nodes.map(node => node.html).slice(0, 3));
      check('axe looks', passes.length > 10, passes.length);
      await context.close();
    }
  }
}

/** All figures as they are drawn: axis from the numbers beside it, lines and bars from their paths, tables. */
const figures = page => page.evaluate(() => [...document.querySelectorAll('figure')].map(figure => {
  const labels = [...figure.querySelectorAll('text:not(.x)')].map(text => [parseFloat(text.getAttribute('y')) * 10, Number(text.textContent)]);
  const [y0, v0] = labels[0], [y1, v1] = labels.at(-1);
  const value = y => v0 + (y - y0) * (v1 - v0) / (y1 - y0);
  const points = path => {
    const found = [];
    let x = 0, y = 0;
    for (const [, command, rest] of path.matchAll(/([A-Za-z])([^A-Za-z]*)/g)) {
      const numbers = rest.trim().split(/[ ,]+/).map(Number);
      if (command === 'M') { [x, y] = numbers; found.push([x, value(y)]); }
      if (command === 'l') { x += numbers[0]; y += numbers[1]; found.push([x, value(y)]); }
    }
    return found;
  };
  const bars = path => [...path.matchAll(/M([\d.]+) (\d+)V(\d+)h([\d.]+)V\d+z/g)]
    .map(([, x, from, to, width]) => [Number(x) + Number(width) / 2, value(Number(from)), value(Number(to))]);
  const paths = name => [...figure.querySelectorAll(`path.${name}`)].map(path => path.getAttribute('d'));
  const table = [...figure.querySelectorAll('tbody tr')].map(row => [...row.children].map(cell => cell.textContent));
  return {
    title: figure.querySelector('title').textContent,
    summary: figure.querySelector('summary').textContent,
    width: Number(figure.querySelector('svg svg').getAttribute('viewBox').split(' ')[2]),
    step: Math.abs(v1 - v0) / 1000,
    lines: [...paths('l0'), ...paths('l1')].map(points),
    solid: paths('b').flatMap(bars),
    hollow: paths('w').flatMap(bars),
    table,
  };
}));

const scales = task.units === 'imperial'
  ? { temperature: v => v * 1.8 + 32, speed: v => v / 0.44704, rain: v => v / 25.4, pressure: v => v / 33.8639 }
  : { temperature: v => v, speed: v => v * 3.6, rain: v => v, pressure: v => v };

function dewPoint({ temperature, humidity }) {
  const gamma = Math.log(humidity / 100) + 17.62 * temperature / (243.12 + temperature);
  return 243.12 * gamma / (17.62 - gamma);
}

/** For each kind of figure the values of a slot, in the unit that is shown. */
const kinds = {
  Temperature: [known => scales.temperature(known.temperature), known => scales.temperature(dewPoint(known))],
  'Wind Speed': [known => scales.speed(known.wind), known => scales.speed(known.gust)],
  Pressure: [known => scales.pressure(known.pressure)],
};

function near(what, found, expected, tolerance) {
  check(what, Math.abs(found - expected) <= tolerance, `${found} instead of ${expected}`);
}

/** Compares one plot of hours with what was measured. */
function hours(figure, now, compared) {
  const first = now + 1 - figure.width;
  const name = figure.title.split(',')[0];
  const every = figure.width === 144 ? 6 : 18;
  if (name === 'Rain') {
    const groups = new Map();
    for (let slot = first; slot < now; slot++) {
      const group = Math.floor(slot / every);
      if (task.slots[slot]) groups.set(group, (groups.get(group) ?? 0) + scales.rain(task.slots[slot].rain));
    }
    for (const [x, from, to] of figure.solid) {
      const group = Math.floor((first + x) / every);
      // What fell between two gaps is not known, so that the edges of gaps may differ from the sum.
      if (group === Math.floor(now / every) || group === Math.floor(first / every)) continue;
      near(`${figure.title}: from`, from, 0, figure.step);
      near(`${figure.title}: bar ${group}`, to, groups.get(group) ?? NaN, figure.step);
      compared.bars++;
    }
    return;
  }
  figure.lines.forEach((points, number) => {
    const found = new Map(points.map(([x, value]) => [first + Math.floor(x), value]));
    for (let slot = first; slot < now; slot++) {
      const known = task.slots[slot];
      check(`${figure.title}: slot ${slot} is ${known ? 'a gap' : 'no gap'}`, found.has(slot) === Boolean(known));
      if (known && found.has(slot)) near(`${figure.title}: slot ${slot}`, found.get(slot), kinds[name][number](known), figure.step);
      compared.points++;
    }
  });
  check(`${figure.title}: lines`, figure.lines.length === kinds[name].length, figure.lines.length);
  // The table has the means, or the highest gusts, of the same slots.
  figure.table.forEach((row, index) => {
    const start = Math.floor(first / every) + index;
    const slots = [...Array(every).keys()].map(offset => start * every + offset).filter(slot => slot >= first);
    if (slots.some(slot => slot >= now)) return;
    kinds[name].forEach((of, number) => {
      const values = slots.filter(slot => task.slots[slot]).map(slot => of(task.slots[slot]));
      const isGust = name === 'Wind Speed' && number === 1;
      const expected = isGust ? Math.max(...values) : values.reduce((sum, value) => sum + value, 0) / values.length;
      const cell = row[number + 1];
      if (values.length === 0) check(`${figure.title}: row ${row[0]}`, cell === '', cell);
      else near(`${figure.title}: row ${row[0]}`, Number(cell), expected, name === 'Pressure' && task.units === 'imperial' ? 0.0051 : 0.051);
      compared.cells++;
    });
  });
}

/** Compares the plots of days with the table of days. */
function days(figure, today, compared) {
  const isRain = figure.title.startsWith('Rain');
  const count = figure.width / 10;
  for (const [list, isWhole] of [[figure.solid, true], [figure.hollow, false]]) {
    for (const [x, from, to] of list) {
      const date = new Date(today.getTime() - (count - 1 - Math.floor(x / 10)) * 864e5).toISOString().slice(0, 10);
      const day = task.days[date];
      // Those of the last days come from the hours.
      if (!day) { check(`${figure.title}: ${date}`, today - new Date(date) < 4 * 864e5); continue; }
      const [lowest, highest, , rain, covered] = day;
      check(`${figure.title}: ${date} is whole`, (covered >= 80) === isWhole);
      const [low, high] = isRain ? [0, scales.rain(rain)] : [lowest, highest].map(scales.temperature);
      near(`${figure.title}: ${date}`, from, low, figure.step);
      near(`${figure.title}: ${date}`, to, high, figure.step);
      compared.bars++;
    }
  }
  check(`${figure.title}: some are not whole`, figure.hollow.length > 0);
}

/** Months: the lowest, the highest and the sum of what the table of days has. */
function months(figure, today, compared) {
  for (const row of figure.table) {
    const month = row[0].slice(0, 7);
    if (new Date(today.getTime() - 4 * 864e5).toISOString().slice(0, 7) <= month) continue;
    const rows = Object.entries(task.days).filter(([date]) => date.startsWith(month)).map(([, day]) => day);
    if (rows.length < 27) continue;
    const expected = figure.title.startsWith('Rain')
      ? [scales.rain(rows.reduce((sum, day) => sum + day[3], 0))]
      : [Math.min(...rows.map(day => day[0])), Math.max(...rows.map(day => day[1])), rows.reduce((sum, day) => sum + day[2], 0) / rows.length].map(scales.temperature);
    expected.forEach((value, index) => near(`${figure.title}: ${month}`, Number(row[index + 1]), value, 0.0511));
    compared.cells += expected.length;
  }
}

async function station() {
  await login();
  const { context, page, response } = await open('/');
  const bytes = (await response.body()).length;
  check('bytes', bytes < 60_000, bytes);
  const text = await page.evaluate(() => document.body.innerText);
  for (const line of task.weather.text.split('\n')) {
    const [label, value] = line.split(/: (.*)/);
    if (['City', 'Observed', 'Yesterday', 'Last 7 Days'].includes(label)) continue;
    const shown = await page.evaluate(label => {
      const term = [...document.querySelectorAll('dt')].find(term => term.textContent === label);
      return term ? term.nextSibling.firstChild.textContent.trim() : document.querySelector('.t b').textContent;
    }, label);
    check(label, shown === value, `${shown} instead of ${value}`);
  }
  const [, date, time] = text.match(/(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC/);
  const now = Math.floor(new Date(`${date}T${time}:00Z`).getTime() / 600_000);
  const today = new Date(`${date}T00:00:00Z`);
  const all = await figures(page);
  const compared = { points: 0, bars: 0, cells: 0 };
  for (const figure of all) {
    check('text alternative', /\d/.test(figure.title), figure.title);
    check('table', figure.table.length > 5, figure.title);
    if (/, \d\d h:/.test(figure.title)) hours(figure, now, compared);
    else if (figure.width === 300) days(figure, today, compared);
    else months(figure, today, compared);
  }
  check('figures', all.length === 12, all.map(figure => figure.title));
  check('points', compared.points > 2500 && compared.bars > 80 && compared.cells > 100, compared);
  await context.close();
  await looks(`station-${task.units}`, '/');
  return `a station, ${task.units}: ${bytes} bytes, ${all.length} plots, ${JSON.stringify(compared)} compared`;
}

async function list() {
  await looks('list', '/');
  const { context, page } = await open('/');
  await page.click('li:nth-child(7) a');
  check('a link leads to its station', await page.textContent('h1') === 'Station 6', await page.textContent('h1'));
  await page.click('header a');
  check('and back', await page.locator('li').count() === 1000);
  await context.close();
  return 'a thousand stations: widths, axe, links';
}

async function screenshot() {
  const { context, page } = await open('/?refresh=off', { width: 1120, height: 890 });
  await page.screenshot({ path: task.file });
  await context.close();
  const { size } = statSync(task.file);
  check('bytes of the picture', size < 150_000, size);
  return `${task.file}: ${size} bytes`;
}

const said = await { station, list, screenshot }[task.what]();
await browser.close();
console.log(`  ${said}`);
for (const fault of faults.slice(0, 30)) console.log(`    ${fault}`);
if (faults.length > 30) console.log(`    and ${faults.length - 30} more`);
process.exit(faults.length ? 1 : 0);
