import { expect } from 'chai';
import crawlers from 'crawler-user-agents';
import { list } from 'isbot';
import { CLIENT_PATTERNS, isBot } from '../../../src/capture/client/bots.js';
import { API_CLIENTS } from '../../support/api-clients.js';

/** Libraries that crawl, or that tell themselves that they are bots. */
const CRAWLING = /bot\b|crawl|checker|httrack|scrapy|newspaper|anyevent|download|larbin|^salesforce\.com/i;

function instancesOf(isLibrary: boolean): string[] {
  return (crawlers as readonly { readonly instances: string[]; readonly tags?: readonly string[] }[])
    .filter(({ tags }) => (tags?.includes('http-library') ?? false) === isLibrary)
    .flatMap(({ instances }) => instances);
}

describe('Bots', () => {
  for (const client of API_CLIENTS) {
    it(`are not ${client.slice(0, 70)}`, () => {
      expect(isBot(client)).to.equal(false);
    });
  }

  it('are no libraries for HTTP, but for those that crawl', () => {
    const called = instancesOf(true).filter(isBot);
    expect(called.filter((instance) => !CRAWLING.test(instance))).to.deep.equal([]);
  });

  it('are more than nine in ten of the crawlers, monitors and link previewers that are known', () => {
    const known = instancesOf(false);
    expect(known.length).to.be.above(1500);
    expect(known.filter(isBot).length / known.length).to.be.above(0.93);
  });

  for (const bot of [
    'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)',
    'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
    'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
    'Twitterbot/1.0',
    'WhatsApp/2.23.20.0',
    'UptimeRobot/2.0; http://www.uptimerobot.com/',
    'Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)',
    'kube-probe/1.29',
    'anthropic-ai',
  ]) {
    it(`are such as ${bot.slice(0, 60)}`, () => {
      expect(isBot(bot)).to.equal(true);
    });
  }

  it('are told by patterns of which none has gone with a version of isbot', () => {
    expect(CLIENT_PATTERNS.filter((pattern) => !list.includes(pattern))).to.deep.equal([]);
  });
});
