/** Whether somebody can see the page. It only says so; what follows is decided elsewhere. */

/** Told at once, and whenever it changes. @returns a function that ends it */
export type WatchVisibility = (onChange: (isVisible: boolean) => void) => () => void;

/** Watch the browser's page. Outside of pages, for instance in Node, everything counts as visible. */
export const watchVisibility: WatchVisibility = (onChange) => {
  const page = globalThis.document as Document | undefined;
  if (!page) {
    onChange(true);
    return () => undefined;
  }
  const tell = () => onChange(page.visibilityState !== 'hidden');
  page.addEventListener('visibilitychange', tell);
  tell();
  return () => page.removeEventListener('visibilitychange', tell);
};
