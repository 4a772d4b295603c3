/**
 * docs/openapi.json for tests: objects that have all that it requires, and what is wrong with a value. Knows as much of JSON
 * Schema as that document uses.
 */
import { readFileSync } from 'node:fs';

/** @typedef {{ [key: string]: any }} Schema */

/** @type {{ components: { schemas: Record<string, Schema> } }} */
const document = JSON.parse(
  readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8'),
);

/** @param {string} name @returns {Schema} */
function schemaOf(name) {
  const schema = document.components.schemas[name];
  if (!schema) throw new Error(`docs/openapi.json has no schema ${name}`);
  return schema;
}

/** @param {Schema} schema @returns {Schema} */
const resolve = (schema) => (schema['$ref'] ? schemaOf(schema['$ref'].split('/').at(-1)) : schema);

/** @param {Schema} schema @returns {unknown} */
function empty(schema) {
  const { type, required = [], properties = {}, enum: values } = resolve(schema);
  const types = [type].flat();
  if (types.includes('null')) return null;
  if (values) return values[0];
  if (types.includes('object')) {
    return Object.fromEntries(
      required.map((/** @type {string} */ key) => [key, empty(properties[key])]),
    );
  }
  if (types.includes('array')) return [];
  if (types.includes('boolean')) return false;
  return types.includes('string') ? '' : 0;
}

/**
 * What the schema requires, with nothing in it, but for these.
 *
 * @param {string} name
 * @param {object} values
 * @returns {any}
 */
export function objectOf(name, values) {
  return { .../** @type {object} */ (empty(schemaOf(name))), ...values };
}

/** @param {unknown} value @param {string} type */
function isOf(value, type) {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

/** @param {Schema} unresolved @param {any} value @param {string} at @returns {string[]} */
function problems(unresolved, value, at) {
  const { type, enum: values, properties, required, items, ...rest } = resolve(unresolved);
  if (type && ![type].flat().some((/** @type {string} */ one) => isOf(value, one))) {
    return [`${at}: ${JSON.stringify(value)} is no ${type}`];
  }
  if (values && !values.includes(value)) return [`${at}: ${value} is none of ${values}`];
  if (typeof value === 'number' && value < (rest['minimum'] ?? -Infinity))
    return [`${at}: ${value}`];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => (items ? problems(items, item, `${at}[${index}]`) : []));
  }
  if (typeof value !== 'object' || value === null || !properties) return [];
  const missing = (required ?? []).filter((/** @type {string} */ key) => !(key in value));
  const unknown = Object.keys(value).filter((key) => !(key in properties));
  return [
    ...missing.map((/** @type {string} */ key) => `${at}: ${key} is missing`),
    ...(rest['additionalProperties'] === false ? unknown : []).map(
      (key) => `${at}: ${key} is unknown`,
    ),
    ...Object.keys(value).flatMap((key) =>
      properties[key] ? problems(properties[key], value[key], `${at}.${key}`) : [],
    ),
  ];
}

/** @param {string} name of a schema @param {unknown} value @returns {string[]} what is wrong */
export function problemsOf(name, value) {
  return problems(schemaOf(name), value, name);
}
