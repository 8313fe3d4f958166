/* SPDX-License-Identifier: Apache-2.0 */
#include "ai/turn.h"

#include <string.h>

void turn_begin(struct turn *turn, uint64_t asked_ns, uint64_t ns, struct str id)
{
	memset(turn, 0, sizeof(*turn));
	turn->begin_ns = asked_ns && asked_ns < ns ? asked_ns : ns;
	turn->answer_ns = ns;
	STR_COPY(turn->id, id);
}

void turn_content(struct turn *turn, uint64_t ns, uint64_t bytes)
{
	if (!turn->token_ns)
		turn->token_ns = ns;
	turn->content += bytes;
}

void turn_emit(struct dialect *d, struct turn *turn, struct str model, uint64_t end_ns)
{
	struct call *call = d->call;

	call->begin_ns = call->sent_ns = turn->begin_ns;
	call->first_byte_ns = turn->answer_ns;
	call->first_token_ns = turn->token_ns;
	call->end_ns = end_ns;
	call->content_bytes[SIDE_RESPONSE] = turn->content;
	call->flags |= CALL_STREAM | CALL_TURN;
	if (model.n)
		STR_COPY(call->model, model);
	if (turn->id[0])
		STR_COPY(call->response_id, str_of(turn->id));
	dialect_emit(d);
	call->flags &= ~(uint32_t)CALL_TURN;
	call->begin_ns = call->sent_ns = call->first_byte_ns = call->first_token_ns = call->end_ns = 0;
	call->content_bytes[SIDE_REQUEST] = call->content_bytes[SIDE_RESPONSE] = 0;
	memset(turn, 0, sizeof(*turn));
}

void turn_abort(struct dialect *d, struct turn *turn, struct str model)
{
	d->cut = true;
	d->call->flags |= CALL_ABORTED;
	turn_emit(d, turn, model, 0);
	d->call->flags &= ~(uint32_t)CALL_ABORTED;
}
