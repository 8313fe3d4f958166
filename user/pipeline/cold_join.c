/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that a gateway on this host has to do with (link/gateway.h): kept packed
 * until it is decided what they are, then told. What was told before is not
 * changed: an adjustment takes away what is somebody else's, and another gives it
 * to whom it belongs.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "link/owner.h"
#include "pipeline/cold_inside.h"
#include "pipeline/identity.h"
#include "pipeline/pack.h"

struct kept {
	bool told;
	uint32_t changes;	/* adjustments made of it */
	size_t n;
	uint8_t packed[];
};

_Static_assert(PACK_MAX(sizeof(struct entry)) <= sizeof(((struct cold *)0)->scratch), "an entry is packed there");
_Static_assert(sizeof(struct entry) % 8 == 0 && sizeof(struct call) % 8 == 0, "as pack() wants it");

static struct kept *keep(struct cold *cold, const void *what, size_t size)
{
	size_t n = pack(cold->scratch, what, size);
	struct kept *kept = mem_new(sizeof(*kept) + n);

	if (!kept)
		return NULL;
	kept->n = n;
	memcpy(kept->packed, cold->scratch, n);
	return kept;
}

/* Settings may have been replaced meanwhile: what is told is told under those in force. */
static void unkeep(const struct kept *kept, struct entry *ret)
{
	if (unpack(ret, sizeof(*ret), kept->packed, kept->n) < 0)
		memset(ret, 0, sizeof(*ret));
	ret->record.call = &ret->call;
	ret->record.origin = &ret->origin;
	ret->record.node = ret->record.cluster = ret->record.config = NULL;
}

/* ---- told for the first time */

static bool is_reported(const struct call *call)
{
	return call->n_units || (call->n_usages && call->usage_source == USAGE_REPORTED);
}

static bool is_better(const struct call *view, const struct call *than)
{
	if (!is_reported(view))
		return false;
	return !is_reported(than) || !(view->flags & CALL_INCOMPLETE) || than->flags & CALL_INCOMPLETE;
}

/* Who was called in the end, and what that one said of usage; who asked, and for what, stays. */
static void take_view(struct call *call, const struct call *view)
{
	if (is_better(view, call)) {
		memcpy(call->usages, view->usages, sizeof(call->usages));
		memcpy(call->units, view->units, sizeof(call->units));
		memcpy(call->usage_raw, view->usage_raw, sizeof(call->usage_raw));
		call->n_usages = view->n_usages;
		call->n_units = view->n_units;
		call->usage_source = view->usage_source;
		call->has_provider_cost = view->has_provider_cost;
		call->provider_cost_pico = view->provider_cost_pico;
	}
	memcpy(call->provider, view->provider, sizeof(call->provider));
	memcpy(call->region, view->region, sizeof(call->region));
	memcpy(call->service_tier, view->service_tier, sizeof(call->service_tier));
	call->billing = view->billing;
	if (view->model[0])
		memcpy(call->model, view->model, sizeof(call->model));
	if (!call->org[0])
		memcpy(call->org, view->org, sizeof(call->org));
	if (!call->project[0])
		memcpy(call->project, view->project, sizeof(call->project));
	if (!call->request_id[0])
		memcpy(call->request_id, view->request_id, sizeof(call->request_id));
}

/* What the client's record has, or will have. */
static void client_owner(struct cold *cold, const struct party *client, struct owner *ret)
{
	struct record *record = &cold->other.record;

	unkeep(party_kept(client), &cold->other);
	cold_attribute(cold, &cold->other.call, &cold->other.origin, record);
	owner_of(record, ret);
}

/* What a call's own words claim, whoever made it, goes before what was known so far. */
static void claim(struct cold *cold, const struct call *call, struct record *record)
{
	static const struct origin nobody;
	struct record *claimed = &cold->other.record;

	memset(claimed, 0, sizeof(*claimed));
	claimed->time_ns = record->time_ns;
	cold_attribute(cold, call, &nobody, claimed);
	for (uint32_t i = 0; i < claimed->n_labels; i++) {
		uint32_t at = 0;

		while (at < record->n_labels && strcmp(record->labels[at].name, claimed->labels[i].name))
			at++;
		if (at == LIMIT_LABELS)
			continue;
		record->labels[at] = claimed->labels[i];
		record->n_labels += at == record->n_labels;
	}
	if (!claimed->team[0])
		return;
	STR_COPY(record->team, str_of(claimed->team));
	STR_COPY(record->team_source, str_of(claimed->team_source));
	record->flags &= ~(uint32_t)(FLAG_UNATTRIBUTED | FLAG_UNKNOWN_TEAM);
	record->flags |= claimed->flags & (FLAG_UNATTRIBUTED | FLAG_UNKNOWN_TEAM);
}

/* A client on another host is known by what it said to the gateway, and by what that says for it; failing both, the gateway pays. */
static void remote_owner(struct cold *cold, const struct serving *serving, struct entry *entry)
{
	const struct kept *kept = serving_kept(serving);

	cold_attribute(cold, &entry->call, &entry->origin, &entry->record);
	if (kept && unpack(&cold->serving, sizeof(cold->serving), kept->packed, kept->n) == 0)
		claim(cold, &cold->serving, &entry->record);
	claim(cold, &entry->call, &entry->record);
}

static enum spend as_joined(struct cold *cold, const struct verdict *verdict, struct entry *entry)
{
	struct record *record = &entry->record;
	struct owner owner;

	switch (verdict->as) {
	case PARTY_CLIENT:
		unkeep(party_kept(verdict->other), &cold->other);
		take_view(&entry->call, &cold->other.call);
		record->route = "gateway";
		cold_attribute(cold, &entry->call, &entry->origin, record);
		return SPEND_JUDGE;
	case PARTY_SAME:
		client_owner(cold, verdict->other, &owner);
		STR_COPY(record->same_as, str_of(owner.record));
		record->route = "upstream";
		cold_attribute(cold, &entry->call, &entry->origin, record);
		return SPEND_NO;
	case PARTY_EXTRA:
		client_owner(cold, verdict->other, &owner);
		record->route = "upstream";
		cold_attribute(cold, &entry->call, &entry->origin, record);
		owner_apply(&owner, "gateway:", record);
		return SPEND_JUDGE;
	case PARTY_REMOTE:
		record->route = "upstream";
		remote_owner(cold, verdict->serving, entry);
		return SPEND_JUDGE;
	default:
		cold_attribute(cold, &entry->call, &entry->origin, record);
		return SPEND_JUDGE;
	}
}

/* ---- told before */

static void adjust(struct cold *cold, const struct entry *told, struct kept *kept, bool negative)
{
	struct entry *entry = cold_next(cold);
	struct record *record = &entry->record;

	*entry = *told;
	record->call = &entry->call;
	record->origin = &entry->origin;
	record->node = cold->settings->node;
	record->cluster = cold->settings->cluster;
	record->config = cold->settings->config;
	record->kind = RECORD_ADJUSTMENT;
	record->negative = negative;
	record->spend = true;
	record->same_as[0] = 0;
	memcpy(record->adjusts, told->record.id, sizeof(record->adjusts));
	identity_adjustment(record->time_ns, told->record.id, told->record.id, ++kept->changes, record->id);
	cold->counts.adjustments++;
	cold_put(cold);
}

static bool owner_differs(const struct record *a, const struct record *b)
{
	if (strcmp(a->team, b->team) || a->n_labels != b->n_labels)
		return true;
	for (uint32_t i = 0; i < a->n_labels; i++)
		if (strcmp(a->labels[i].name, b->labels[i].name) || strcmp(a->labels[i].value, b->labels[i].value))
			return true;
	return false;
}

static bool usage_differs(const struct call *a, const struct call *b)
{
	if (strcmp(a->provider, b->provider) || strcmp(a->model, b->model) || a->n_usages != b->n_usages || a->n_units != b->n_units)
		return true;
	for (size_t i = 0; i < a->n_usages && i < CALL_USAGES; i++)
		if (strcmp(a->usages[i].model, b->usages[i].model) || a->usages[i].known != b->usages[i].known ||
		    memcmp(a->usages[i].count, b->usages[i].count, sizeof(a->usages[i].count)))
			return true;
	for (size_t i = 0; i < a->n_units && i < CALL_UNITS; i++)
		if (strcmp(a->units[i].name, b->units[i].name) || a->units[i].milli != b->units[i].milli)
			return true;
	return false;
}

/* Keeps it as it was told; where there is no memory for that, it stays as it was. */
static void keep_told(struct cold *cold, struct party *party, const struct entry *entry, uint32_t changes)
{
	struct kept *kept = keep(cold, entry, sizeof(*entry));

	if (!kept) {
		cold->counts.forgotten++;
		return;
	}
	kept->told = true;
	kept->changes = changes;
	party_keep(cold->gateways, party, kept, sizeof(*kept) + kept->n);
}

/* What it should have been told as, against what it was: takes the one away, and adds the other. */
static void correct(struct cold *cold, const struct verdict *verdict, struct kept *kept)
{
	struct entry *now = mem_new(2 * sizeof(*now)), *told = now ? now + 1 : NULL;
	enum spend spend;

	if (!now) {
		cold->counts.forgotten++;
		return;
	}
	unkeep(kept, told);
	*now = *told;
	now->record.call = &now->call;
	now->record.origin = &now->origin;
	spend = as_joined(cold, verdict, now);
	if (told->record.spend && (spend == SPEND_NO || owner_differs(&now->record, &told->record) ||
				   usage_differs(&now->call, &told->call))) {
		adjust(cold, told, kept, true);
		if (spend != SPEND_NO) {
			price_call(cold->settings->prices, &now->call, now->record.time_ns, &now->record.cost);
			memset(&now->record.estimate, 0, sizeof(now->record.estimate));
			adjust(cold, now, kept, false);
		}
		now->record.spend = spend != SPEND_NO;
		keep_told(cold, verdict->party, now, kept->changes);
	}
	mem_free(now);
}

/* ---- what link/ calls */

static void tell(void *ctx, const struct verdict *verdict)
{
	struct kept *kept = party_kept(verdict->party);
	struct cold *cold = ctx;
	struct entry *entry;

	if (kept->told) {
		correct(cold, verdict, kept);
		return;
	}
	kept->told = true;
	entry = cold_next(cold);
	unkeep(kept, entry);
	cold_tell(cold, entry, as_joined(cold, verdict, entry));
	keep_told(cold, verdict->party, entry, 0);
}

static void drop(void *ctx, void *kept)
{
	(void)ctx;
	mem_free(kept);
}

int cold_join_new(struct cold *cold)
{
	return gateways_new(&(struct gateways_ops){ .tell = tell, .drop = drop, .ctx = cold }, &cold->gateways);
}

void cold_serving(struct cold *cold, const struct call *call)
{
	struct kept *kept = keep(cold, call, sizeof(*call));

	if (!kept || gateway_serving(cold->gateways, call, kept, sizeof(*kept) + kept->n) < 0)
		cold->counts.forgotten++;
}

void cold_client(struct cold *cold, struct entry *entry)
{
	const struct cold_settings *settings = cold->settings;
	struct call *call = &entry->call;
	struct kept *kept = NULL;
	bool likely = str_ends(str_of(call->provider), STR("-compatible")) ||
		      !strcmp(route_of(settings->wants, settings->gateways, settings->n_gateways, call), "gateway");

	if (gateway_wants(cold->gateways, call, likely))
		kept = keep(cold, entry, sizeof(*entry));
	if (kept && gateway_call(cold->gateways, call, likely, kept, sizeof(*kept) + kept->n) == 0)
		return;
	/* what was told to make room for it was told in its place */
	if (kept) {
		entry = cold_next(cold);
		unkeep(kept, entry);
	}
	mem_free(kept);
	cold_attribute(cold, &entry->call, &entry->origin, &entry->record);
	cold_tell(cold, entry, SPEND_JUDGE);
}
