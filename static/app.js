// Optional: every page works with this file deleted.
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// A click beside a menu closes it, and so does the focus that leaves it; Escape closes it and gives the focus back.
for (const kind of ['click', 'focusin']) addEventListener(kind, e => {
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
  const here = entries.indexOf(document.activeElement);
  const at = e.key === 'ArrowDown' ? here + 1 : here < 0 ? -1 : here - 1;
  entries.at(at % entries.length).focus();
});

// On a phone the list is below the summary: whoever searched or turned the page sees the list.
// (Asking for the width costs a layout, so it comes second.)
if (location.search && innerWidth < 640) document.getElementById('list')?.scrollIntoView();

// The list answers while one types or chooses: the same page, fetched, in place of what it says now. The focus stays, and
// Back leads to the list before the search.
const parts = ['tabs', 'export-menu', 'clear', 'results'];
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
    document.getElementById('found').textContent = document.querySelector('.pager p, .empty h2')?.textContent;
    history[history.state?.search ? 'replaceState' : 'pushState']({ search: true }, '', url);
    shown = location.pathname + location.search;
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
// Only what a search has pushed: links to a place on the page come this way too.
let shown = location.pathname + location.search;
addEventListener('popstate', () => location.pathname + location.search === shown || location.reload());

// How far a long change is, until it is done.
const progress = document.querySelector('[data-progress]');
if (progress) {
  const look = setInterval(async () => {
    const now = (await read(await fetch(location.href))).querySelector('[data-progress]');
    if (!now) return location.reload(clearInterval(look));
    progress.querySelector('progress').value = now.querySelector('progress').value;
    progress.querySelector('p').textContent = now.querySelector('p').textContent;
  }, 1500);
}

// The navigation of a phone closes when the focus leaves it.
addEventListener('focusin', e => {
  const side = document.querySelector('.side:popover-open');
  if (side && !side.contains(e.target)) side.hidePopover();
});

// "/" leads to the search.
addEventListener('keydown', e => {
  const field = document.querySelector('form[role=search] [name=q]');
  if (e.key !== '/' || e.ctrlKey || e.metaKey || e.altKey || !field || e.target.closest('input:not([type=checkbox]), select, textarea') || document.querySelector('.scrim')) return;
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

// A dialog opens over the page that it is about, which stays as it is; without script it is a page of its own.
let opener, title;
const close = () => {
  document.querySelector('.scrim').remove();
  document.querySelector('.app').inert = false;
  document.title = title;
  opener.focus();
  opener = null;
};
const open = (page, from) => {
  const scrim = page.querySelector('.scrim');
  const before = from.closest('.scrim');
  if (before) {
    before.remove(); // It comes back with what is wrong.
  } else {
    const menu = from.closest('.menu');
    opener = menu ? menu.firstElementChild : from;
    if (menu) menu.open = false;
    document.querySelector('.app').inert = true;
    title = document.title;
  }
  document.title = page.title;
  const first = scrim.querySelector('[autofocus]') ?? scrim.querySelector('.foot a');
  first.removeAttribute('autofocus');
  document.body.append(scrim);
  first.focus();
};
addEventListener('submit', async e => {
  const form = e.target, button = e.submitter;
  if (!form.matches('#bulk, [data-dialog]') || button?.formMethod === 'get') return;
  e.preventDefault();
  if (form.dataset.sent) return;
  form.dataset.sent = 1;
  button.setAttribute('aria-busy', 'true');
  try {
    // (form.action is the buttons of that name.)
    const answer = await fetch(form.getAttribute('action'), { method: 'POST', body: new URLSearchParams(new FormData(form, button)) });
    const page = await read(answer);
    if (page.querySelector('.scrim')) open(page, button);
    // A refusal, or the list with a sentence: shown as it came, since it comes once.
    else {
      const place = opener?.id;
      if (!opener) history.replaceState(history.state, '', answer.url); // The dialog was a page of its own.
      document.documentElement.replaceWith(page.documentElement);
      opener = null;
      (document.getElementById(place) ?? document.getElementById('main')).focus();
    }
  } catch {
    location.reload();
  } finally {
    delete form.dataset.sent;
    button.removeAttribute('aria-busy');
  }
});
addEventListener('click', async e => {
  const link = e.target.closest('a[data-dialog]');
  if (!link || e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
  e.preventDefault();
  try {
    const page = await read(await fetch(link.href));
    if (page.querySelector('.scrim')) open(page, link);
    else location.assign(link.href);
  } catch {
    location.assign(link.href);
  }
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
  // A button may send by GET: a download, after which the page is still there.
  if ((e.submitter?.formMethod || e.target.method) !== 'post' || e.defaultPrevented) return;
  if (e.target.dataset.sent) return e.preventDefault();
  e.target.dataset.sent = 1;
  e.submitter?.setAttribute('aria-busy', 'true');
});
addEventListener('pageshow', () => all('form[data-sent]').forEach(form => {
  delete form.dataset.sent;
  all('[aria-busy]', form).forEach(button => button.removeAttribute('aria-busy'));
}));

// What the pool has left with the amount that is being typed.
const words = n => n < 10000 ? `${n}` : n.toLocaleString('en-US');
addEventListener('input', e => {
  const field = e.target, typed = field.value.replaceAll(',', '').trim();
  if (!field.dataset.most || !/^\d+$/.test(typed)) return;
  const out = document.querySelector(`output[for="${field.id}"]`), left = field.dataset.most - typed;
  out.textContent = left < 0 ? `${words(-left)} over` : words(left);
  out.classList.toggle('over', left < 0);
});

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
