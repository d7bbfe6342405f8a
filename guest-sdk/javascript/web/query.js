// Replaces the encoding package of whatwg-url. URLs in a service use only UTF-8.

/**
 * Percent-encodes the characters in `encodedCharacters`, spaces, control characters and non-ASCII
 * characters.
 */
export function percentEncodeAfterEncoding(_encoding, text, encodedCharacters) {
  const isKept = (byte) =>
    byte > 0x20 && byte < 0x7f && !encodedCharacters.includes(String.fromCharCode(byte));
  const bytes = new TextEncoder().encode(text);
  let encoded = "";
  for (const byte of bytes) {
    encoded += isKept(byte)
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}
