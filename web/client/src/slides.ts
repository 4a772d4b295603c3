/**
 * An offer's text with its first video line marked as one for slides (RFC 4796), which is what makes the server take the
 * line for the screen (docs/protocol.md, section 1). Browsers do not write it; the local description stays without.
 */
export function markSlides(sdp: string): string {
  return sdp.replace(/^m=video.*(?:\r\n(?!m=).+)*/m, '$&\r\na=content:slides');
}
