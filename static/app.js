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

// Filters apply when chosen; without script there is the Filter button.
addEventListener('change', e => {
  if (e.target.matches('form[role=search] select')) e.target.form.requestSubmit();
});

// On a phone the list is below the summary: whoever searched or turned the page sees the list.
if (innerWidth < 640 && location.search) document.getElementById('list')?.scrollIntoView();

// The summary of errors is what is read first.
document.querySelector('.note.bad[tabindex]')?.focus();

// A form is sent once, however often its button is pressed.
addEventListener('submit', e => {
  if (e.target.method !== 'post') return;
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
