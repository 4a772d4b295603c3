/** Elements: those of index.html by id and type, and new ones. Text is always text, never markup. */

const SVG = 'http://www.w3.org/2000/svg';

/** The element with this id. Throws if index.html and the code disagree. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`index.html has no ${type.name} #${id}`);
  return element;
}

/** A new element of a class, with children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** A picture from the sprite in index.html; it says nothing to a screen reader. */
export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#i-${name}`);
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  return svg;
}

/** Show another picture in an {@link icon}, or in one of index.html. */
export function setIcon(holder: Element, name: string): void {
  holder.querySelector('use')?.setAttribute('href', `#i-${name}`);
}

/** A button that is only a picture; `label` is its name and its tooltip. */
export function iconButton(name: string, label: string, onClick: () => void): HTMLButtonElement {
  const button = make('button', 'icon-button', icon(name));
  button.type = 'button';
  setLabel(button, label);
  button.addEventListener('click', onClick);
  return button;
}

/** Name and tooltip of a button. */
export function setLabel(button: HTMLElement, label: string): void {
  if (button.title === label) return;
  button.title = label;
  button.setAttribute('aria-label', label);
}

/** Set the text only if it differs, so that live regions stay silent and selections stay whole. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Make `parent` have exactly these children in this order, moving none that stands right already: moving a video or
 * a focused button would interrupt it.
 */
export function setChildren(parent: Element, wanted: readonly Element[]): void {
  for (const child of [...parent.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((element, index) => {
    const current = parent.children[index];
    if (current !== element) parent.insertBefore(element, current ?? null);
  });
}
