/* SPDX-License-Identifier: Apache-2.0 */
/* What a gRPC call came to: in the trailers, or in a head that is all there is. */
#include "ai/dialect.h"

/* grpc.github.io/grpc/core/md_doc_statuscodes.html */
void dialect_grpc(struct dialect *d, const struct head *head)
{
	static const char *const names[] = {
		NULL, "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
		"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
		"UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
	};
	struct str status = head_get(head, STR("grpc-status"));
	uint64_t n;

	if (str_u64(status, &n) && n)
		dialect_error(d, n < sizeof(names) / sizeof(*names) ? str_of(names[n]) : status);
}
