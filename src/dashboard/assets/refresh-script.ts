/**
 * Makes the figures anew every so many seconds, as long as somebody looks at the page and works with none of it. A button pauses it (WCAG
 * 2.2, 2.2.2). An answer that is another page, such as that of a login, pauses it too. Without it, everything works but this.
 */
export const REFRESH_SCRIPT = `(() => {
  const { refresh } = document.body.dataset;
  if (!refresh) return;
  let paused = false;
  const button = document.createElement('button');
  button.type = 'button';
  const name = () => (button.textContent = paused ? 'Refresh again' : 'Pause refreshing');
  button.onclick = () => ((paused = !paused), name());
  name();
  document.querySelector('footer').append(button);
  setInterval(async () => {
    const old = document.querySelector('#figures');
    if (paused || document.hidden || old.contains(document.activeElement) || old.querySelector('details[open]') || getSelection().toString()) return;
    const answer = await fetch(location.href).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('#figures');
    if (fresh) return old.replaceWith(fresh);
    paused = true;
    name();
  }, refresh * 1000);
})();
`;
