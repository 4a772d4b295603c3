/** A certificate of the run's own, for pages that come from another host: they get no camera over plain HTTP. */
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A certificate for an address, which the browsers are told to trust; it goes with this run.
 *
 * @param {string} address
 * @returns settings of the server
 */
export function makeCertificate(address) {
  const [certificate, key] = [join(tmpdir(), 'certificate.pem'), join(tmpdir(), 'key.pem')];
  const names = ['-subj', '/CN=Iris test', '-addext', `subjectAltName=IP:${address}`];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', '2']
      .concat(['-keyout', key, '-out', certificate])
      .concat(names),
    { stdio: 'pipe' },
  );
  return { tls_certificate_file: certificate, tls_key_file: key };
}
