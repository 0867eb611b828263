'use strict';
/*
 * What makes the console's pages better where scripts run; every page works without it. One file, no build.
 *
 *   theme        light, dark or as the system has it, kept in this browser
 *   times        each <time data-local> in the person's own zone
 *   clock        the desk's clock, which may run ahead or at another pace than the browser's, and countdowns by it
 *   live         parts of a page that are fetched anew when the server tells that something has happened
 *   dialog       the confirmation beside the page instead of on one of its own
 *   choosing     rows of a list
 *   small ones   printing, copying, asking once more, sending once
 */

// theme and times ----------------------------------------------------------------------------------------------------

/** Words of the theme switch, in the order in which presses go round. */
const THEMES = ['system', 'light', 'dark'];

/** @returns {string} the theme that was chosen in this browser */
function chosenTheme() {
  try {
    const kept = window.localStorage.getItem('theme');
    return kept !== null && THEMES.includes(kept) ? kept : 'system';
  } catch {
    return 'system';
  }
}

/** @param {string} theme */
function showTheme(theme) {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  for (const name of document.querySelectorAll('[data-theme-name]')) name.textContent = `Theme: ${theme}`;
}

/** Let the switch go round the themes. */
function setUpTheme() {
  showTheme(chosenTheme());
  for (const button of document.querySelectorAll('[data-theme-switch]')) {
    button.removeAttribute('hidden');
    button.addEventListener('click', () => {
      const next = THEMES[(THEMES.indexOf(chosenTheme()) + 1) % THEMES.length];
      try {
        window.localStorage.setItem('theme', next);
      } catch {
        /* A browser that keeps nothing: the theme holds for this page. */
      }
      showTheme(next);
    });
  }
}

/**
 * Times in the person's zone; the moment in UTC stays in the title.
 * @param {ParentNode} root
 */
function localizeTimes(root) {
  for (const element of root.querySelectorAll('time[data-local]')) {
    const moment = new Date(element.getAttribute('datetime') ?? '');
    if (Number.isNaN(moment.getTime())) continue;
    if (!element.hasAttribute('title')) element.setAttribute('title', element.textContent ?? '');
    element.textContent = localText(moment, element.getAttribute('data-local') === 'seconds');
  }
}

/** On paper each moment is written in UTC, with its zone and year: "today" means nothing there. */
function setUpPaper() {
  window.addEventListener('beforeprint', () => {
    for (const element of document.querySelectorAll('time[data-local][title]')) {
      element.textContent = element.getAttribute('title');
    }
  });
  window.addEventListener('afterprint', () => localizeTimes(document));
}

/**
 * @param {Date} moment
 * @param {boolean} seconds
 * @returns {string} `30 Nov, 15:04`, with the year where it is not this one
 */
function localText(moment, seconds) {
  const now = new Date();
  const sameDay = moment.toDateString() === now.toDateString();
  const clock = new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit', minute: '2-digit', second: seconds ? '2-digit' : undefined, hourCycle: 'h23',
  }).format(moment);
  if (sameDay) return `today, ${clock}`;
  const sameYear = moment.getFullYear() === now.getFullYear();
  const day = new Intl.DateTimeFormat('en-GB', {
    day: 'numeric', month: 'short', year: sameYear ? undefined : 'numeric',
  }).format(moment);
  return `${day}, ${clock}`;
}

// clock --------------------------------------------------------------------------------------------------------------

/** The desk's clock as the page was told of it last. */
const deskClock = { base: Date.now(), pace: 1, seen: performance.now() };

/**
 * Set the desk's clock by what an element says.
 * @param {Element | null} element
 */
function setDeskClock(element) {
  const now = Date.parse(element?.getAttribute('data-desk-now') ?? '');
  const pace = Number(element?.getAttribute('data-desk-pace') ?? '1');
  if (Number.isNaN(now) || Number.isNaN(pace)) return;
  deskClock.base = now;
  deskClock.pace = pace;
  deskClock.seen = performance.now();
}

/** @returns {number} milliseconds since 1970 by the desk's clock */
function deskNow() {
  return deskClock.base + (performance.now() - deskClock.seen) * deskClock.pace;
}

/**
 * @param {number} milliseconds
 * @returns {string} a duration in its two largest units: `1 min 50 s`
 */
function durationText(milliseconds) {
  let left = Math.max(0, Math.ceil(milliseconds / 1000));
  const parts = [];
  for (const [size, unit] of /** @type {[number, string][]} */ ([[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']])) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count || parts.length) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}

/** Show what is left of every countdown; one that ends lets its part of the page be fetched anew. */
function tick() {
  for (const element of document.querySelectorAll('[data-countdown]')) {
    const left = Date.parse(element.getAttribute('data-countdown') ?? '') - deskNow();
    const shown = element.querySelector('[data-left]');
    setText(shown, left > 0 ? `${durationText(left)} left` : 'over');
    element.classList.toggle('soon', left < 60_000);
    if (left <= 0 && element.hasAttribute('data-reload') && !element.hasAttribute('data-over')) {
      element.setAttribute('data-over', '');
      window.setTimeout(refresh, 300);
    }
  }
  for (const element of document.querySelectorAll('[data-until]')) {
    const left = Date.parse(element.getAttribute('data-until') ?? '') - deskNow();
    setText(element, left > 0 ? `in ${durationText(left)}` : 'any moment now');
  }
}

/**
 * @param {Element | null} element
 * @param {string} text
 */
function setText(element, text) {
  if (element !== null && element.textContent !== text) element.textContent = text;
}

// live ---------------------------------------------------------------------------------------------------------------

const SIGNED_OUT = 'You are signed out. Sign in to see what happens.';
/** Milliseconds between the first event of several and the fetch that shows them all. */
const GATHER = 250;
const live = {
  /** @type {HTMLElement | null} */ host: null,
  /** @type {number | undefined} */ timer: undefined,
  isFetching: false,
  isWanted: false,
  isLost: false,
};

/** Follow what the server tells of the page, where it has parts that change by themselves. */
function setUpLive() {
  live.host = document.querySelector('[data-live]');
  if (live.host === null) return;
  stream.address = live.host.getAttribute('data-events') ?? '';
  connect();
  const seconds = Number(live.host.getAttribute('data-poll') ?? '0');
  if (seconds > 0) window.setInterval(() => { if (isMoving() && !document.hidden) refresh(); }, seconds * 1000);
  window.addEventListener('offline', lost); // A stream that is open may stay so, and say nothing.
  window.addEventListener('online', refresh);
  document.addEventListener('visibilitychange', () => (document.hidden ? rest() : wakeUp()));
  window.addEventListener('pagehide', disconnect);
  window.addEventListener('pageshow', (event) => { if (event.persisted) wakeUp(); });
}

/** @returns {boolean} whether the page expects a change */
function isMoving() {
  return document.querySelector('[data-moving="no"]') === null;
}

/** Milliseconds until a page that nobody sees leaves its connection to others: a browser has six for one server. */
const REST_AFTER = 10_000;
const stream = {
  address: '',
  /** @type {EventSource | null} */ source: null,
  /** The id of the last event that was heard. */ last: '',
  /** @type {number | undefined} */ timer: undefined,
};

/** Listen to the server's events from the last one that was heard; the browser itself connects again. */
function connect() {
  if (!stream.address || stream.source !== null || !('EventSource' in window)) return;
  const address = stream.last ? stream.address.replace(/after=\d+/, `after=${stream.last}`) : stream.address;
  const source = stream.source = new EventSource(address);
  for (const name of ['case', 'reload']) {
    source.addEventListener(name, (event) => {
      stream.last = /** @type {MessageEvent} */ (event).lastEventId || stream.last;
      refreshSoon();
    });
  }
  source.addEventListener('open', () => { if (live.isLost) refresh(); });
  source.addEventListener('end', (event) => {
    if (!/** @type {MessageEvent} */ (event).data.includes('signed out')) return;
    disconnect();
    say(SIGNED_OUT);
  });
  source.addEventListener('error', () => {
    lost();
    if (source.readyState !== EventSource.CLOSED) return;
    disconnect();
    window.setTimeout(connect, 5000);
  });
}

/** Listen no more. */
function disconnect() {
  stream.source?.close();
  stream.source = null;
}

/** Leave the connection to others once nobody has looked at the page for a while. */
function rest() {
  stream.timer = window.setTimeout(disconnect, REST_AFTER);
}

/** Listen again, and show what was missed. */
function wakeUp() {
  window.clearTimeout(stream.timer);
  if (stream.source !== null && !live.isLost) return;
  connect();
  refresh();
}

/** Say that nothing is heard any more; what is missed meanwhile is shown later. */
function lost() {
  live.isLost = true;
  say('Connection lost, trying again. What is recorded goes on.');
}

/** @param {string} text "" takes the text away */
function say(text) {
  setText(document.querySelector('[data-connection-state]'), text);
}

/** Fetch the page's parts anew once the events of a moment are gathered. */
function refreshSoon() {
  window.clearTimeout(live.timer);
  live.timer = window.setTimeout(refresh, GATHER);
}

/** Fetch the page's parts anew, one time after the other. */
async function refresh() {
  const address = live.host?.getAttribute('data-live');
  if (!address) return;
  if (live.isFetching) {
    live.isWanted = true;
    return;
  }
  live.isFetching = true;
  live.isWanted = false;
  try {
    const response = await fetch(address, { credentials: 'same-origin', cache: 'no-store' });
    if (response.redirected || response.status === 401) say(SIGNED_OUT); // It led to the sign-in.
    else if (response.ok) showParts(await response.text());
    else lost();
  } catch {
    lost();
    window.setTimeout(refresh, 4000);
  } finally {
    live.isFetching = false;
  }
  if (live.isWanted) refreshSoon();
}

/** @param {string} html the parts as they are now */
function showParts(html) {
  const fetched = new DOMParser().parseFromString(html, 'text/html');
  setDeskClock(fetched.querySelector('[data-desk-now]'));
  localizeTimes(fetched);
  for (const part of fetched.querySelectorAll('[data-live-part]')) {
    const shown = document.querySelector(`[data-live-part="${part.getAttribute('data-live-part')}"]`);
    if (shown !== null) showPart(shown, part);
  }
  if (live.isLost) {
    live.isLost = false;
    say('Connected again; this is how things stand now.');
    window.setTimeout(() => say(''), 4000);
  }
  tick();
}

/**
 * Put what was fetched in place of what is shown, where a person would see a difference.
 * @param {Element} shown
 * @param {Element} fetched
 */
function showPart(shown, fetched) {
  if (visibleHtml(shown) === visibleHtml(fetched)) {
    for (const input of fetched.querySelectorAll('input[type="hidden"]')) copyHidden(shown, input);
    return;
  }
  const kept = keepState(shown);
  const before = new Map([...shown.querySelectorAll('article[id]')].map((one) => [one.id, visibleHtml(one)]));
  for (const name of ['class', 'data-moving']) {
    const value = fetched.getAttribute(name);
    if (value !== null) shown.setAttribute(name, value);
  }
  shown.replaceChildren(...[...fetched.childNodes].map((node) => document.importNode(node, true)));
  for (const article of shown.querySelectorAll('article[id]')) {
    if (before.has(article.id) && before.get(article.id) !== visibleHtml(article)) article.classList.add('changed');
  }
  restoreState(shown, kept);
}

/**
 * @param {Element} element
 * @returns {string} its HTML without what ticks, what a person typed or opened, and what only forms need
 */
function visibleHtml(element) {
  const copy = /** @type {Element} */ (element.cloneNode(true));
  for (const input of copy.querySelectorAll('input[type="hidden"]')) input.removeAttribute('value');
  for (const ticking of copy.querySelectorAll('[data-left], [data-until]')) ticking.textContent = '';
  for (const one of copy.querySelectorAll('.soon, [data-over], .changed')) {
    one.classList.remove('soon', 'changed');
    one.removeAttribute('data-over');
    if (one.getAttribute('class') === '') one.removeAttribute('class');
  }
  for (const details of copy.querySelectorAll('details[open]')) details.removeAttribute('open');
  return copy.innerHTML.replace(/\s+/g, ' ');
}

/**
 * @param {Element} shown
 * @param {Element} input a hidden one that was fetched
 */
function copyHidden(shown, input) {
  const action = input.closest('form')?.getAttribute('action') ?? '';
  const name = input.getAttribute('name') ?? '';
  for (const form of shown.querySelectorAll('form')) {
    if (form.getAttribute('action') !== action) continue;
    const own = form.querySelector(`input[type="hidden"][name="${CSS.escape(name)}"]`);
    if (own !== null) /** @type {HTMLInputElement} */ (own).value = input.getAttribute('value') ?? '';
  }
}

/**
 * What a person has typed, chosen, opened and focused in a part.
 * @param {Element} part
 */
function keepState(part) {
  const values = new Map();
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (part.querySelectorAll('input, select, textarea'))) {
    if (field.type === 'hidden' || field.type === 'file') continue; // No script may choose a file.
    values.set(fieldKey(field), field.type === 'checkbox' ? field.checked : field.value);
  }
  const open = [...part.querySelectorAll('details')].map((details) => details.open);
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  return { values, open, focused: focused === null ? null : fieldKey(/** @type {HTMLInputElement} */ (focused)) };
}

/**
 * @param {Element} part
 * @param {ReturnType<typeof keepState>} kept
 */
function restoreState(part, kept) {
  const all = part.querySelectorAll('input, select, textarea, button, a, summary');
  const fields = /** @type {NodeListOf<HTMLInputElement>} */ (all);
  for (const field of fields) {
    const key = fieldKey(field);
    const value = kept.values.get(key);
    if (typeof value === 'boolean') field.checked = value;
    else if (typeof value === 'string') field.value = value;
    if (key === kept.focused) field.focus({ preventScroll: true });
  }
  [...part.querySelectorAll('details')].forEach((details, index) => {
    if (kept.open[index]) details.open = true;
  });
}

/**
 * @param {HTMLInputElement} field
 * @returns {string} what tells it apart from the others of its part
 */
function fieldKey(field) {
  const of = field.closest('article')?.id ?? '';
  const shown = field.tagName === 'BUTTON' || field.tagName === 'SUMMARY' ? field.textContent : '';
  const value = field.type === 'checkbox' ? field.value : '';
  return [of, field.tagName, field.id, field.name ?? '', value, field.getAttribute('href') ?? '', shown].join('|');
}

// dialog -------------------------------------------------------------------------------------------------------------

/** Show the confirmation in a dialog where the browser has one. */
function setUpDialog() {
  const host = /** @type {HTMLDialogElement | null} */ (document.querySelector('dialog[data-dialog-host]'));
  if (host === null || typeof host.showModal !== 'function') return;
  document.addEventListener('submit', (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (event.defaultPrevented || form.querySelector('[data-opens-dialog]') === null) return;
    event.preventDefault();
    openDialog(host, form);
  });
  host.addEventListener('click', (event) => {
    const target = /** @type {Element} */ (event.target);
    if (target === host || target.closest('[data-closes-dialog]') !== null) {
      event.preventDefault();
      host.close();
    }
  });
  host.addEventListener('close', () => host.replaceChildren());
}

/**
 * @param {HTMLDialogElement} host
 * @param {HTMLFormElement} form whose answer has what the dialog shows; any other answer is shown as a page
 */
async function openDialog(host, form) {
  try {
    const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    const response = await fetch(form.action, { method: 'POST', body, credentials: 'same-origin' });
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const content = page.querySelector('[data-dialog-content]');
    if (!response.ok || content === null) {
      form.submit();
      return;
    }
    localizeTimes(page);
    host.replaceChildren(...[...content.childNodes].map((node) => document.importNode(node, true)));
    tick();
    host.showModal();
  } catch {
    form.submit();
  }
}

// choosing -----------------------------------------------------------------------------------------------------------

/** Let all rows of a page be chosen at once, and say how many are. */
function setUpChoosing() {
  const all = /** @type {HTMLInputElement | null} */ (document.querySelector('[data-choose-all]'));
  const boxes = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('input[name="order"]')]);
  if (all === null || boxes.length === 0) return;
  let last = -1;
  all.removeAttribute('hidden');
  all.addEventListener('change', () => {
    for (const box of boxes) box.checked = all.checked;
    showChosen(all, boxes);
  });
  boxes.forEach((box, index) => {
    box.addEventListener('click', (event) => {
      if (event.shiftKey && last >= 0) {
        const [from, to] = [Math.min(last, index), Math.max(last, index)];
        for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
      }
      last = index;
      showChosen(all, boxes);
    });
  });
  window.addEventListener('pageshow', () => showChosen(all, boxes));
  showChosen(all, boxes);
}

/**
 * @param {HTMLInputElement} all
 * @param {HTMLInputElement[]} boxes
 */
function showChosen(all, boxes) {
  const count = boxes.filter((box) => box.checked).length;
  all.checked = count === boxes.length;
  all.indeterminate = count > 0 && count < boxes.length;
  const button = /** @type {HTMLButtonElement | null} */ (document.querySelector('[data-bulk-button]'));
  if (button === null) return;
  button.disabled = count === 0;
  button.classList.toggle('primary', count > 0);
  const orders = count === 1 ? 'order' : 'orders';
  button.textContent = count === 0 ? 'Cancel the chosen orders' : `Cancel ${count} chosen ${orders}`;
  const next = count === 0 ? 'Choose orders first.' : 'You see first what each would do.';
  setText(document.querySelector('[data-chosen-count]'), next);
}

// small ones ---------------------------------------------------------------------------------------------------------

/** Buttons that print, copy, ask once more, or may be pressed once only. */
function setUpButtons() {
  for (const button of document.querySelectorAll('[data-print], [data-copy]')) button.removeAttribute('hidden');
  document.addEventListener('click', (event) => {
    const button = /** @type {Element} */ (event.target).closest('button');
    if (button === null) return;
    const question = button.getAttribute('data-confirm');
    if (button.hasAttribute('data-print')) window.print();
    else if (button.hasAttribute('data-copy')) copyText(button);
    else if (question !== null && !window.confirm(`${question}\n\n${button.textContent}?`)) event.preventDefault();
  });
  document.addEventListener('submit', (event) => {
    const button = /** @type {HTMLFormElement} */ (event.target).querySelector('button[data-once]');
    // After the browser has gathered the form, which would lack the name of a button that is off.
    if (button !== null) window.setTimeout(() => button.setAttribute('disabled', ''), 0);
  });
  window.addEventListener('pageshow', () => {
    for (const button of document.querySelectorAll('button[data-once]')) button.removeAttribute('disabled');
  });
  document.addEventListener('keydown', (event) => {
    const field = /** @type {HTMLInputElement | null} */ (document.querySelector('input[type="search"]'));
    const isTyping = /** @type {Element} */ (event.target).closest('input, select, textarea, dialog') !== null;
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping || field === null) return;
    event.preventDefault();
    field.focus();
  });
}

/** @param {Element} button that copies the text of the element which it names */
async function copyText(button) {
  const text = document.getElementById(button.getAttribute('data-copy') ?? '')?.textContent?.trim() ?? '';
  try {
    await navigator.clipboard.writeText(text);
    setText(button, 'Copied');
  } catch {
    setText(button, 'Select it and copy it by hand');
  }
}

showTheme(chosenTheme()); // Before the page is painted.
document.addEventListener('DOMContentLoaded', () => {
  setUpTheme();
  localizeTimes(document);
  setDeskClock(document.body);
  setUpLive();
  setUpDialog();
  setUpChoosing();
  setUpButtons();
  setUpPaper();
  tick();
  window.setInterval(tick, 500);
});
