// Optional: every page works with this file deleted.
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// A click beside a menu closes it; Escape closes it and gives the focus back.
addEventListener('click', e => {
  all('.menu[open]').forEach(menu => menu.contains(e.target) || (menu.open = false));
});
addEventListener('keydown', e => {
  if (e.key !== 'Escape') return;
  all('.menu[open]').forEach(menu => { menu.open = false; menu.firstElementChild.focus(); });
});

// Arrow keys walk through an open menu.
addEventListener('keydown', e => {
  const menu = e.target.closest?.('.menu[open]');
  if (!menu || !['ArrowDown', 'ArrowUp'].includes(e.key)) return;
  const entries = all('li :is(a, button)', menu);
  if (!entries.length) return;
  e.preventDefault();
  const at = entries.indexOf(document.activeElement) + (e.key === 'ArrowDown' ? 1 : -1);
  entries.at(at % entries.length).focus();
});

// On a phone the list is below the summary: whoever searched or turned the page sees the list.
if (innerWidth < 640 && location.search) document.getElementById('list')?.scrollIntoView();

// The summary of errors is what is read first.
document.querySelector('.note.bad[tabindex]')?.focus();

// The list answers while one types or chooses: the same page, fetched, in place of what it says now. The focus stays, and
// Back leads to the list before the search.
const parts = ['tabs', 'export', 'clear', 'results'];
const read = async answer => new DOMParser().parseFromString(await answer.text(), 'text/html');
let typing, asking;
async function search(form) {
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim()));
  const url = form.getAttribute('action') + (query.size ? `?${query}` : '');
  asking?.abort();
  asking = new AbortController();
  document.getElementById('results').setAttribute('aria-busy', 'true');
  try {
    const answer = await fetch(url, { signal: asking.signal });
    const page = await read(answer);
    if (!page.getElementById('results')) return location.assign(url);
    parts.forEach(id => document.getElementById(id).replaceWith(page.getElementById(id)));
    document.getElementById('found').textContent = page.querySelector('.pager p, .empty h2')?.textContent;
    history[history.state?.search ? 'replaceState' : 'pushState']({ search: true }, '', url);
  } catch (error) {
    if (error.name !== 'AbortError') location.assign(url);
  }
}
addEventListener('input', e => {
  if (!e.target.matches('form[role=search] [name=q]')) return;
  clearTimeout(typing);
  typing = setTimeout(search, 150, e.target.form);
});
addEventListener('change', e => e.target.matches('form[role=search] select') && search(e.target.form));
addEventListener('popstate', () => location.reload());

// "/" leads to the search.
addEventListener('keydown', e => {
  const field = document.querySelector('form[role=search] [name=q]');
  if (e.key !== '/' || e.ctrlKey || e.metaKey || e.altKey || !field || e.target.closest('input, select, textarea, [inert], dialog')) return;
  e.preventDefault();
  field.focus();
  field.select();
});

// The head's box selects the page; a row that is taken out takes the head's away.
addEventListener('change', e => {
  const boxes = all('tbody .sel input');
  const head = document.querySelector('[data-all]');
  if (e.target === head) boxes.forEach(box => { box.checked = head.checked; });
  else if (boxes.includes(e.target)) head.checked = boxes.every(box => box.checked);
});

// A dialog opens over the list that it is about, which stays as it is; without script it is a page of its own.
let opener;
const close = () => {
  document.querySelector('.scrim').remove();
  document.querySelector('.app').inert = false;
  opener.focus();
  opener = null;
};
addEventListener('submit', async e => {
  const form = e.target;
  if (!form.matches('#bulk, [data-dialog]') || e.submitter?.formMethod === 'get' || form.dataset.sent) return;
  e.preventDefault();
  form.dataset.sent = 1;
  const menu = e.submitter.closest('.menu');
  // (form.action is the buttons of that name.)
  const answer = await fetch(form.getAttribute('action'), { method: 'POST', body: new URLSearchParams(new FormData(form, e.submitter)) });
  const scrim = (await read(answer)).querySelector('.scrim');
  delete form.dataset.sent;
  if (!scrim) return location.assign(answer.url);
  opener = menu ? menu.firstElementChild : e.submitter;
  if (menu) menu.open = false;
  document.querySelector('.app').inert = true;
  document.body.append(scrim);
  scrim.querySelector('[autofocus], a, button').focus();
});
addEventListener('click', e => {
  if (!opener || !e.target.closest('[data-close]')) return;
  e.preventDefault();
  close();
});
addEventListener('keydown', e => {
  if (e.key === 'Escape') document.querySelector('.scrim [data-close]')?.click();
});

// A form is sent once, however often its button is pressed.
addEventListener('submit', e => {
  if (e.target.method !== 'post' || e.defaultPrevented) return;
  if (e.target.dataset.sent) return e.preventDefault();
  e.target.dataset.sent = 1;
  e.submitter?.setAttribute('aria-busy', 'true');
});
addEventListener('pageshow', () => all('form[data-sent]').forEach(form => {
  delete form.dataset.sent;
  all('[aria-busy]', form).forEach(button => button.removeAttribute('aria-busy'));
}));

// How strong a new password is, in words. The server decides.
all('[data-strength]').forEach(out => {
  const field = document.getElementById(out.dataset.strength);
  field.addEventListener('input', () => {
    const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z\d]/].filter(kind => kind.test(field.value)).length;
    const points = new Set(field.value).size + 2 * kinds;
    const word = field.value.length < 10 ? 'Too short' : points < 14 ? 'Weak' : points < 19 ? 'Good' : 'Strong';
    out.textContent = field.value ? `Strength: ${word}` : '';
  });
});

// Presets fill in settings without a round trip, so that a typed password stays.
addEventListener('click', e => {
  const preset = e.target.closest('[name=preset]');
  const form = preset?.form;
  if (!form) return;
  e.preventDefault();
  for (const [name, value] of new URLSearchParams(preset.dataset.fields)) form.elements[name].value = value;
  const plan = form.elements.plan;
  if (form.elements.dialer.value === 'yes' && !plan.selectedOptions[0].dataset.dialer) {
    plan.value = plan.querySelector('[data-dialer]')?.value ?? plan.value;
  }
  all('[name=preset]').forEach(one => one.toggleAttribute('aria-current', one === preset));
});
