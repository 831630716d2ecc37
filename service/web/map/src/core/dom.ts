/** Making elements without markup in strings: text from data can never become HTML. */

type Child = Node | string | number | null | undefined | false | readonly Child[];
type Props = Record<string, unknown>;

const SVG = 'http://www.w3.org/2000/svg';

/** Make an element: `on…` are listeners, `class` and `aria-…` attributes, the rest properties or attributes. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props?: Props | null, ...children: Child[]): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  apply(made, props);
  add(made, children);
  return made;
}

export function svg(tag: string, props?: Props | null, ...children: Child[]): SVGElement {
  const made = document.createElementNS(SVG, tag);
  apply(made, props);
  add(made, children);
  return made;
}

function apply(made: Element, props?: Props | null): void {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on') && typeof value === 'function') {
      made.addEventListener(name.slice(2).toLowerCase(), value as EventListener);
    } else if (name === 'value' || name === 'checked' || name === 'selected') {
      (made as unknown as Props)[name] = value;
    } else {
      made.setAttribute(name, value === true ? '' : String(value));
    }
  }
}

function add(parent: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) add(parent, child as readonly Child[]);
    else parent.append(child as Node | string);
  }
}

/** Replace what an element holds; it stays scrolled as it was, and who had the focus has it again, by its `data-key`. */
export function fill(parent: Element, ...children: Child[]): void {
  const active = document.activeElement;
  const key = active instanceof HTMLElement && parent.contains(active) ? active.dataset['key'] : undefined;
  const { scrollTop } = parent;
  parent.replaceChildren();
  add(parent, children);
  if (scrollTop) parent.scrollTop = scrollTop;
  if (key !== undefined) byKey(parent, key)?.focus({ preventScroll: true });
}

export function byKey(parent: Element, key: string): HTMLElement | null {
  return parent.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
}

/** Offer a text as a file. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = h('a', { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
