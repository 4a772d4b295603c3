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

/** @param quality null: not judged yet @param count how many are like that; else only the word */
export function setBadge(badge: HTMLElement, quality: Quality | null, count?: number | null): void {
  const known = quality ?? 'unknown';
  if (badge.dataset['quality'] !== known) badge.dataset['quality'] = known;
  const [mark, word] = badge.children;
  if (mark) setText(mark, QUALITY_MARK[known]);
  const number = count ? `${count} ` : '';
  if (word) setText(word, known === 'unknown' ? 'not judged' : number + known);
}
