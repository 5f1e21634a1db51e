export type { GeoInfo, GeoLookup } from '../record/geo-info.js';
export type { GeoSource } from './geo-source.js';
export { type HttpGeoOptions, httpGeo } from './http-geo.js';
export { type MaxmindGeoOptions, maxmindGeo } from './maxmind-geo.js';
