import { type GeoInfo, readGeoInfo } from '../record/geo-info.js';
import type { JsonObject } from '../record/usage-record.js';

/**
 * Reads the answers of FreeGeoIP and of the services that took its place: freegeoip.net and freegeoip.app
 * (`country_code`, `region_name`, `time_zone`), ipapi.co (`region`, `timezone`), ip-api.com (`countryCode`, `lat`,
 * `lon`), ipwho.is (`timezone.id`). An answer without any of it, such as an error's, is that of an unknown address.
 */
export function readFreeGeoIp(answer: JsonObject): GeoInfo | null {
  const timezone = answer['timezone'];
  const zone = typeof timezone === 'object' && timezone !== null ? (timezone as JsonObject)['id'] : timezone;
  return readGeoInfo({
    countryCode: answer['country_code'] ?? answer['countryCode'],
    countryName: answer['country_name'] ?? answer['country'],
    region: answer['region_name'] ?? answer['regionName'] ?? answer['region'],
    city: answer['city'],
    latitude: answer['latitude'] ?? answer['lat'],
    longitude: answer['longitude'] ?? answer['lon'],
    timeZone: answer['time_zone'] ?? zone,
  });
}
