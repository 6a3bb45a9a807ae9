// The HTML that the card shows of a step: what walkthroughs/content/html_rules.py allows, less what plays
// or chooses a file, and less what gives an element a name. A test compares the lists.

const list = (words) => words.trim().split(/\s+/);

export const ELEMENTS = list(`
  a abbr b bdi blockquote br caption center cite code col colgroup dd del details dfn div dl dt em
  figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rt ruby s samp small span
  strong sub summary sup table tbody td tfoot th thead tr tt u ul var wbr
`);

export const ATTRIBUTES = list(`
  align alt colspan datetime dir height href lang open rowspan scope span src start title type valign
  value width
`);
