'use strict';
/*
 * What makes the console's pages better where scripts run; every page works without it. One file, no build.
 *
 *   theme        light, dark or as the system has it, kept in this browser
 *   times        each <time data-local> in the person's own zone
 */

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

showTheme(chosenTheme()); // Before the page is painted.
document.addEventListener('DOMContentLoaded', () => {
  setUpTheme();
  localizeTimes(document);
});
