import type { IrisClient } from '@iris/client';

declare global {
  interface Window {
    /** The client of the page under test. */
    iris?: IrisClient;
  }
}
