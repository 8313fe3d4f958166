#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Builds prices.json from two public price tables and our own additions.

    tools/prices/build.py GENAI_PRICES.json GENAI_DATE LITELLM.json LITELLM_DATE > tools/prices/prices.json

GENAI_PRICES.json is prices/new_data/v2/data.json of github.com/pydantic/genai-prices,
LITELLM.json is model_prices_and_context_window.json of github.com/BerriAI/litellm.
The dates say when each was fetched. Neither is kept here; README.md has their licences.

Where both know a model, genai-prices decides (it is dated and has match rules)
and litellm adds what genai-prices does not keep - batch, flex, priority, audio -
if and only if the two agree on the plain input and output price. A model that
litellm alone knows becomes an entry of its own, matched exactly. additions.json
is laid over both: an entry of it replaces all that has its provider and model.

Numbers never pass through a float: they are read as Decimal and written as text.
"""
import json
import re
import sys
from decimal import Decimal

MILLION = Decimal(1000000)

# genai-prices' provider to ours (OpenTelemetry's names where it has one)
GENAI = {
    'aws': 'aws.bedrock', 'azure': 'azure.ai.openai', 'google': 'gcp.gemini', 'mistral': 'mistral_ai',
    'x-ai': 'x_ai', 'voyageai': 'voyage', 'zhipuai': 'zhipu', 'moonshotai': 'moonshot', 'zai': 'z_ai',
}
LITELLM = {
    'azure': 'azure.ai.openai', 'azure_text': 'azure.ai.openai', 'azure_ai': 'azure.ai.inference',
    'bedrock': 'aws.bedrock', 'bedrock_converse': 'aws.bedrock', 'gemini': 'gcp.gemini',
    'mistral': 'mistral_ai', 'xai': 'x_ai', 'cohere_chat': 'cohere', 'together_ai': 'together',
    'fireworks_ai': 'fireworks', 'fireworks_ai-embedding-models': 'fireworks', 'dashscope': 'alibaba',
    'zai': 'z_ai', 'watsonx': 'ibm.watsonx.ai', 'text-completion-openai': 'openai',
    'codestral': 'mistral_ai', 'text-completion-codestral': 'mistral_ai', 'jina_ai': 'jina',
    'vercel_ai_gateway': 'vercel', 'volcengine': 'volcengine',
}
# what litellm knows and a machine of ours may meet: the rest of its providers is left out
LITELLM_KEEP = {
    'openai', 'anthropic', 'groq', 'deepseek', 'perplexity', 'openrouter', 'cerebras', 'voyage', 'ai21',
    'deepinfra', 'sambanova', 'nebius', 'hyperbolic', 'novita', 'replicate', 'deepgram', 'elevenlabs',
    'assemblyai', 'stability', 'databricks', 'moonshot', 'minimax', 'ovhcloud', 'nscale', 'cohere',
} | set(LITELLM.values())

# Provider-wide facts. fallback: whose prices hold where the provider has none of
# its own. tiers: what a service tier multiplies the tokens of an entry by that
# does not price the tier itself.
PROVIDERS = {
    # platform.openai.com/docs/guides/batch: half price
    'openai': {'tiers': {'batch': '0.5'}},
    'azure.ai.openai': {'fallback': ['openai', 'anthropic'], 'tiers': {'batch': '0.5'}},
    'azure.ai.inference': {'fallback': ['azure.ai.openai', 'openai']},
    # platform.claude.com/docs/en/build-with-claude/batch-processing: half price; the
    # priority tier is a commitment, whose list price is the standard one
    'anthropic': {'tiers': {'batch': '0.5', 'priority': '1'}},
    # aws.amazon.com/bedrock/pricing: batch inference at half price
    'aws.bedrock': {'tiers': {'batch': '0.5'}},
    # ai.google.dev/gemini-api/docs/pricing: batch at half price
    'gcp.gemini': {'tiers': {'batch': '0.5'}},
    'gcp.vertex_ai': {'fallback': ['gcp.gemini', 'anthropic'], 'tiers': {'batch': '0.5'}},
    # docs.mistral.ai/capabilities/batch: half price
    'mistral_ai': {'tiers': {'batch': '0.5'}},
    # the same company under its Chinese name
    'z_ai': {'fallback': ['zhipu']},
    # console.groq.com/docs: batch at half price, flex at the on-demand price
    'groq': {'tiers': {'batch': '0.5', 'flex': '1'}},
}

TOKEN_RATES = [
    'input', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'output', 'reasoning', 'audio_input',
    'audio_output', 'audio_cache_read', 'image_input', 'image_output', 'image_cache_read',
]
GENAI_RATES = {
    'input_mtok': 'input', 'output_mtok': 'output', 'cache_read_mtok': 'cache_read',
    'cache_write_mtok': 'cache_write_5m', 'cache_write_1h_mtok': 'cache_write_1h',
    'input_audio_mtok': 'audio_input', 'output_audio_mtok': 'audio_output',
    'cache_audio_read_mtok': 'audio_cache_read', 'input_image_mtok': 'image_input',
    'output_image_mtok': 'image_output', 'cache_image_read_mtok': 'image_cache_read',
    'output_reasoning_mtok': 'reasoning',
}
GENAI_UNITS = {'web_searches_kcount': 'web_search', 'requests_kcount': 'request'}
LITELLM_RATES = {
    'input_cost_per_token': 'input', 'output_cost_per_token': 'output',
    'cache_read_input_token_cost': 'cache_read', 'cache_creation_input_token_cost': 'cache_write_5m',
    'output_cost_per_reasoning_token': 'reasoning', 'input_cost_per_audio_token': 'audio_input',
    'output_cost_per_audio_token': 'audio_output', 'cache_read_input_audio_token_cost': 'audio_cache_read',
    'input_cost_per_image_token': 'image_input', 'output_cost_per_image_token': 'image_output',
}
LITELLM_KEY = re.compile(
    r'(?P<rate>%s)(?P<hour>_above_1hr)?(?:_above_(?P<over>\d+)k_tokens)?(?:_(?P<tier>priority|flex|batches))?'
    % '|'.join(sorted(LITELLM_RATES, key=len, reverse=True)))


def text(number, places=6):
    """A Decimal as plain digits: no exponent, no trailing zeros, nothing below a pico-USD
    (1e-6 of a price for a million tokens, 1e-12 of one for a piece): litellm's are floats."""
    digits = format(Decimal(number).quantize(Decimal(1).scaleb(-places)), 'f')
    if '.' in digits:
        digits = digits.rstrip('0').rstrip('.')
    return digits or '0'


def entry(provider, model, exact=(), prefix=(), pattern=(), source='', checked=''):
    return {'provider': provider, 'model': model, 'exact': set(exact), 'prefix': set(prefix),
            'pattern': set(pattern), 'from': None, 'to': None, 'window': None,
            'variants': {}, 'tiers': {}, 'units': {}, 'source': source, 'checked': checked}


# ---- genai-prices

def genai_match(rule, out):
    for kind, value in rule.items():
        if kind == 'or':
            for part in value:
                genai_match(part, out)
            continue
        value = value if kind == 'regex' else value.lower()
        if kind == 'equals':
            out['exact'].add(value)
        elif kind == 'starts_with':
            out['prefix'].add(value)
        elif kind == 'contains':
            out['pattern'].add('*' + value + '*')
        elif kind == 'ends_with':
            out['pattern'].add('*' + value)
        elif kind == 'regex':
            # all of them are "a name and its date", which every look-up tries by itself
            dated = re.fullmatch(r'\^((?:[a-z0-9/-]|\\\.)+?)-(?:\\d(?:\{\d+\})?-?)+\$?', value)
            if not dated:
                raise SystemExit('genai-prices: a regular expression that is not understood: ' + value)
            out['exact'].add(dated.group(1).replace('\\.', '.'))
        else:
            raise SystemExit('genai-prices: unknown match ' + kind)


def genai_prices(prices, out):
    for key, value in prices.items():
        if key in GENAI_UNITS:
            out['units'][GENAI_UNITS[key]] = Decimal(value) / 1000
            continue
        rate = GENAI_RATES.get(key)
        if rate is None:      # video and citation tokens: no class of ours
            continue
        if isinstance(value, dict):
            out['variants'].setdefault((0, ''), {})[rate] = value['base']
            for tier in value['tiers']:
                out['variants'].setdefault((tier['start'], ''), {})[rate] = tier['price']
        else:
            out['variants'].setdefault((0, ''), {})[rate] = Decimal(value)


def genai_periods(prices):
    """[(from, to, window, prices)], half open and disjoint, of a list where the last match wins."""
    if isinstance(prices, dict):
        return [(None, None, None, prices)]
    dated = [p for p in prices if 'start_time' not in (p.get('constraint') or {})]
    hours = [p for p in prices if 'start_time' in (p.get('constraint') or {})]
    if hours:
        (base,), (other,) = dated, hours
        start, end = (other['constraint'][k][:5] for k in ('start_time', 'end_time'))
        return [(None, None, [start, end], other['prices']), (None, None, [end, start], base['prices'])]
    starts = [(p.get('constraint') or {}).get('start_date') for p in dated]
    return [(start, starts[i + 1] if i + 1 < len(dated) else None, None, dated[i]['prices'])
            for i, start in enumerate(starts)]


def genai_entries(providers, checked):
    for provider in providers:
        name = provider['id']
        if name.startswith('huggingface_'):
            continue      # the router: which backend answered, and at which price, the name does not say
        for model in provider['models']:
            for start, end, window, prices in genai_periods(model['prices']):
                out = entry(GENAI.get(name, name), model['id'].lower(), source='genai-prices', checked=checked)
                genai_match(model['match'], out)
                out.update({'from': start, 'to': end, 'window': window})
                genai_prices(prices, out)
                if not out['variants'] and out['model'].endswith(':free'):
                    out['variants'][(0, '')] = {'input': Decimal(0), 'output': Decimal(0)}
                if out['variants'] or out['units']:
                    yield out


# ---- litellm

def litellm_name(key, raw_provider):
    """The model's own name, or None for keys that are not models: sizes, commitments, defaults."""
    name = key.lower()
    for lead in (raw_provider.split('-')[0] + '/', 'openai/', 'cohere/', 'vertex_ai/', 'bedrock/'):
        if name.startswith(lead) and (lead != 'openai/' or raw_provider == 'openai'):
            name = name[len(lead):]
            break
    if raw_provider in ('bedrock', 'azure', 'openai') and '/' in name:
        return None           # per region, per size or per commitment
    return None if re.match(r'(\d+|max)-x-', name) or 'commitment' in name else name


def litellm_variants(model):
    out = {}
    ranges = model.get('tiered_pricing') or []
    for part in ranges:
        start = int(part['range'][0]) if 'range' in part else 0
        for key, value in part.items():
            if key in LITELLM_RATES and not isinstance(value, list):
                out.setdefault((start, ''), {})[LITELLM_RATES[key]] = Decimal(value) * MILLION
    for key, value in model.items():
        match = LITELLM_KEY.fullmatch(key)
        if not match or not isinstance(value, (Decimal, int)):
            continue
        rate = LITELLM_RATES[match['rate']]
        if match['hour']:
            rate = 'cache_write_1h'
        over = int(match['over'] or 0) * 1000
        tier = {'batches': 'batch', None: ''}.get(match['tier'], match['tier'])
        out.setdefault((over, tier), {})[rate] = Decimal(value) * MILLION
    if model.get('mode') in ('embedding', 'rerank', 'moderation'):
        for rates in out.values():
            if not rates.get('output'):
                rates.pop('output', None)
    return {condition: rates for condition, rates in out.items() if rates}


def litellm_units(model, tokens):
    """What is billed by the piece. Where tokens are billed, pieces are counted by them already."""
    out = {}
    searches = model.get('search_context_cost_per_query') or {}
    if 'search_context_size_medium' in searches:
        out['web_search'] = searches['search_context_size_medium']
    if model.get('input_cost_per_query'):
        out['search_unit' if model.get('mode') == 'rerank' else 'request'] = model['input_cost_per_query']
    if model.get('input_cost_per_request'):
        out['request'] = model['input_cost_per_request']
    if model.get('ocr_cost_per_page'):
        out['page'] = model['ocr_cost_per_page']
    if not tokens:
        for unit, keys in (('second', ('input_cost_per_second', 'output_cost_per_second')),
                           ('character', ('input_cost_per_character',)),
                           ('image', ('output_cost_per_image', 'input_cost_per_image'))):
            price = next((model[k] for k in keys if model.get(k)), None)
            if price:
                out[unit] = price
    return {unit: Decimal(price) for unit, price in out.items()}


def litellm_models(table):
    """{(provider, name): (variants, units)}"""
    out = {}
    for key, model in table.items():
        raw = model.get('litellm_provider') or ''
        provider = 'gcp.vertex_ai' if raw.startswith('vertex_ai') else LITELLM.get(raw, raw)
        name = litellm_name(key, raw) if provider in LITELLM_KEEP | {'gcp.vertex_ai'} else None
        if not name or key == 'sample_spec':
            continue
        variants = litellm_variants(model)
        paid = any(v for rates in variants.values() for v in rates.values())
        units = litellm_units(model, paid)
        if paid or units or name.endswith(':free'):
            out.setdefault((provider, name), (variants if paid or not units else {}, units))
    return out


# ---- the two together

def plain(variants):
    rates = variants.get((0, ''), {})
    return rates.get('input'), rates.get('output')


def enrich(out, models):
    """litellm's tiers for an entry of genai-prices, where both mean the same price."""
    for name in sorted(out['exact'] | {out['model']} | out['prefix']):
        found = models.get((out['provider'], name))
        if not found or plain(found[0]) != plain(out['variants']):
            continue
        base = out['variants'].setdefault((0, ''), {})
        tiered = any(over for over, _ in out['variants'])
        for (over, tier), rates in found[0].items():
            if tier or (over and not tiered):
                out['variants'].setdefault((over, tier), dict(rates))
            elif not over:
                for rate, price in rates.items():
                    base.setdefault(rate, price)
        for unit, price in found[1].items():
            if unit != 'web_search' or 'request' not in out['units']:
                out['units'].setdefault(unit, price)
        out['source'] = 'genai-prices, litellm'
        return


def tiers_as_factors(out):
    """A tier that multiplies input and output alike, below and above a threshold, is
    one factor on all tokens; the tables round what it makes of the small cache rates."""
    for tier in {tier for _, tier in out['variants'] if tier}:
        factors = set()
        for over in {over for over, t in out['variants'] if t == tier}:
            here, base = out['variants'][over, tier], out['variants'].get((over, ''), {})
            factors |= {here[r] / base[r] if base.get(r) else None for r in ('input', 'output') if r in here}
        if len(factors) == 1 and None not in factors and (0, tier) in out['variants']:
            factor = factors.pop()
            if factor == factor.quantize(Decimal('0.000001')):
                out['tiers'][tier] = factor
                for condition in [c for c in out['variants'] if c[1] == tier]:
                    del out['variants'][condition]


def fill(out):
    """One variant prices a whole call, so each holds what it shares with the one below it."""
    for over, tier in sorted(out['variants']):
        below = max((c for c in out['variants'] if c[0] < over and c[1] == tier), default=(0, ''))
        for rate, price in out['variants'].get(below, {}).items():
            out['variants'][over, tier].setdefault(rate, price)


def claude_hour(out):
    """One-hour cache writes of Claude cost twice the input wherever it is sold:
    platform.claude.com/docs/en/build-with-claude/prompt-caching#pricing"""
    if 'claude' not in out['model'] or out['provider'] == 'openrouter':
        return
    for rates in out['variants'].values():
        if 'cache_write_5m' in rates and 'input' in rates:
            rates.setdefault('cache_write_1h', rates['input'] * 2)


def paid_by_tokens(out):
    """Images that the tokens pay for already are priced 0, not unpriced."""
    if 'image_output' in out['variants'].get((0, ''), {}):
        out['units'].setdefault('image', Decimal(0))


# What a provider's own tools cost a call, whatever the model, where the two tables
# do not say: a model's name, what its units cost, where it stands.
TOOLS = [
    # platform.openai.com/docs/pricing, built-in tools; a container also in litellm (openai/container)
    ('openai', r'(gpt-[45]|o[134]|chatgpt-|codex-|computer-use)(?!.*(transcribe|tts|audio|image|realtime|search))',
     {'web_search': '0.01', 'file_search': '0.0025', 'code_interpreter': '0.03'}),
    # docs.x.ai/developers/pricing, tool invocation costs; sources of the retired live search
    ('x_ai', r'grok-(?!.*(image|video|voice))',
     {'web_search': '0.005', 'x_search': '0.005', 'code_interpreter': '0.005', 'file_search': '0.0025',
      'document_search': '0.01', 'source': '0.025'}),
    # ai.google.dev/gemini-api/docs/pricing: storage of a cached prompt, a token for an hour; grounding on maps
    ('gcp.gemini', r'gemini-.*pro', {'cache_token_hour': '0.0000045'}),
    ('gcp.gemini', r'gemini-.*flash', {'cache_token_hour': '0.000001'}),
    ('gcp.gemini', r'gemini-2', {'maps_search': '0.025'}),
    ('gcp.gemini', r'gemini-3', {'maps_search': '0.014'}),
]


def tools(out):
    rates = out['variants'].get((0, ''), {})
    for provider, names, units in TOOLS:
        if out['provider'] == provider and 'output' in rates and re.match(names, out['model']):
            for unit, price in units.items():
                out['units'].setdefault(unit, Decimal(price))


def known_to_genai(entries, provider, name):
    for out in entries:
        if out['provider'] == provider and (name in out['exact'] or name == out['model'] or any(
                name.startswith(p) for p in out['prefix']) or any(
                p.strip('*') in name for p in out['pattern'])):
            return True
    return False


def same_price(a, b):
    return a[0] == b[0] and a[1] == b[1]


def litellm_entries(models, genai, checked):
    """Models that genai-prices does not know, names of one price folded into one entry."""
    for (provider, name), found in sorted(models.items()):
        if known_to_genai(genai, provider, name):
            continue
        if provider.startswith('azure.ai') and known_to_genai(genai, 'openai', name):
            continue          # falls back to OpenAI's list price, which Azure's global deployments have
        undated = re.sub(r'(-\d{8}|-\d{4}-\d{2}-\d{2})?(-v\d+:\d+|@\w+)?$', '', name)
        if undated != name and (provider, undated) in models and same_price(found, models[provider, undated]):
            continue          # a dated name is looked up without its date as well
        if provider == 'gcp.vertex_ai' and same_price(found, models.get(('gcp.gemini', name), (None, None))):
            continue          # falls back to gcp.gemini
        out = entry(provider, name, exact=[name], source='litellm', checked=checked)
        if name.startswith('ft:'):
            out['prefix'], out['exact'] = {name}, set()
        out['variants'], out['units'] = dict(found[0]), dict(found[1])
        yield out


def drop_shadowed(entries):
    """A name belongs to one entry a period: the first that claims it, as in genai-prices."""
    taken = {}
    for out in entries:
        for kind in ('exact', 'prefix', 'pattern'):
            for name in list(out[kind]):
                owner = taken.setdefault((out['provider'], kind, name), out['model'])
                if owner != out['model']:
                    out[kind].discard(name)
    return [out for out in entries if out['exact'] or out['prefix'] or out['pattern']]


# ---- writing

def rates_json(variants):
    lines = []
    for over, tier in sorted(variants):
        rates = variants[over, tier]
        if over and rates == variants.get((0, tier)):
            continue
        condition = {**({'over': over} if over else {}), **({'tier': tier} if tier else {})}
        line = {'if': condition} if condition else {}
        line.update({rate: text(rates[rate]) for rate in TOKEN_RATES if rate in rates})
        lines.append(line)
    return lines


def entry_json(out):
    match = {kind: sorted(out[kind]) for kind in ('exact', 'prefix', 'pattern') if out[kind]}
    line = {'provider': out['provider'], 'model': out['model'], 'match': match}
    for key in ('from', 'to', 'window'):
        if out[key]:
            line[key] = out[key]
    if out['variants']:
        line['rates'] = rates_json(out['variants'])
    tiers = {tier: text(factor) for tier, factor in sorted(out['tiers'].items())}
    if tiers and tiers != {t: f for t, f in PROVIDERS.get(out['provider'], {}).get('tiers', {}).items() if t in tiers}:
        line['tiers'] = tiers
    if out['units']:
        line['units'] = {unit: text(price, 12) for unit, price in sorted(out['units'].items())}
    line.update({'source': out['source'], 'checked': out['checked']})
    return line


def compact(value):
    return json.dumps(value, separators=(',', ':'), ensure_ascii=False)


def lay_over(entries, additions):
    """What additions.json says of a provider's model is all that is said of it, names included."""
    owners = {(a['provider'], a['model']) for a in additions}
    names = {(a['provider'], kind, name) for a in additions for kind in a['match'] for name in a['match'][kind]}
    for line in entries:
        if (line['provider'], line['model']) in owners:
            continue
        match = {kind: [n for n in line['match'][kind] if (line['provider'], kind, n) not in names]
                 for kind in line['match']}
        line['match'] = {kind: kept for kind, kept in match.items() if kept}
        if line['match']:
            yield line
    yield from additions


def main():
    if len(sys.argv) != 5:
        raise SystemExit(__doc__)
    genai_path, genai_date, litellm_path, litellm_date = sys.argv[1:]
    with open(genai_path) as file:
        providers = json.load(file, parse_float=Decimal)
    with open(litellm_path) as file:
        models = litellm_models(json.load(file, parse_float=Decimal))
    with open(__file__.rsplit('/', 1)[0] + '/additions.json') as file:
        additions = json.load(file)['prices']

    genai = drop_shadowed(list(genai_entries(providers, genai_date)))
    for out in genai:
        enrich(out, models)
    entries = genai + list(litellm_entries(models, genai, litellm_date))
    for out in entries:
        tiers_as_factors(out)
        claude_hour(out)
        paid_by_tokens(out)
        tools(out)
        fill(out)
    lines = list(lay_over([entry_json(out) for out in drop_shadowed(entries)], additions))
    lines.sort(key=lambda e: (e['provider'], e['model'], e.get('from') or '', e.get('window') or []))

    print('{"schema":1,"version":"%s","currency":"USD",' % max(genai_date, litellm_date))
    print('"note":"USD for 1e6 tokens (rates) or for one (units); from inclusive, to exclusive, UTC",')
    print('"sources":%s,' % compact({
        'genai-prices': 'https://github.com/pydantic/genai-prices (MIT)',
        'litellm': 'https://github.com/BerriAI/litellm (MIT)'}))
    print('"providers":{\n%s\n},' % ',\n'.join(
        '%s:%s' % (compact(name), compact(facts)) for name, facts in sorted(PROVIDERS.items())))
    print('"prices":[\n%s\n]}' % ',\n'.join(compact(line) for line in lines))


if __name__ == '__main__':
    main()
