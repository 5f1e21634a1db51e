export type { GeoInfo, GeoLookup, GeoSource } from '../record/geo-info.js';
export { type HttpGeoOptions, httpGeo } from './http-geo.js';
export { type MaxmindGeoOptions, maxmindGeo } from './maxmind-geo.js';
