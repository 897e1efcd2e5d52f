// What is wrong with a page as it is open now. See README.md.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Smallest control, in CSS pixels. */
const TARGET_MIN = 44;

/** Faults of a page, a line each: what axe-core finds serious or critical, what is too wide, what is too small to hit. */
export async function judge(page) {
  // Evaluated by the debugger, which a page's policy does not govern.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const found = violations
    .filter((it) => ['serious', 'critical'].includes(it.impact))
    .flatMap((it) => it.nodes.map((node) => `axe ${it.id}: ${it.help} ${node.target.join(' ')} ${node.html.slice(0, 160)}`));
  const minor = violations
    .filter((it) => !['serious', 'critical'].includes(it.impact))
    .map((it) => `axe ${it.id} (${it.impact}): ${it.help}`);
  const measured = await page.evaluate((least) => {
    const faults = [];
    const wide = document.documentElement.scrollWidth - window.innerWidth;
    if (wide > 0) faults.push(`${wide} px too wide`);
    for (const it of document.querySelectorAll('button, a.button, summary, select, input:not([type=hidden], [type=checkbox]), label.check')) {
      const box = it.getBoundingClientRect();
      if (box.width === 0) continue; // Not shown.
      if (box.height < least || box.width < least) faults.push(`${it.outerHTML.slice(0, 80)} is ${box.width} by ${box.height} px`);
    }
    return faults;
  }, TARGET_MIN);
  return { faults: [...found, ...measured], minor };
}
