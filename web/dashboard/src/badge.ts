/** A quality, drawn: mark, word and colour. */
import { make, setText } from '../../meet/src/dom.js';
import { type Quality } from './api.js';
import { QUALITY_MARK } from './verdicts.js';

/** An empty badge, for {@link setBadge}. */
export function makeBadge(): HTMLElement {
  const mark = make('span', 'mark');
  mark.setAttribute('aria-hidden', 'true');
  return make('span', 'badge', mark, make('span', 'badge-word'));
}

export function setBadge(badge: HTMLElement, quality: Quality | null | undefined): void {
  const known = quality ?? 'unknown';
  if (badge.dataset['quality'] === known) return;
  badge.dataset['quality'] = known;
  const [mark, word] = badge.children;
  if (mark) setText(mark, QUALITY_MARK[known]);
  if (word) setText(word, known === 'unknown' ? 'not judged' : known);
}
