/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * OpenSSL's calls, as registers and return values; no map lives here.
 *
 * There are five shapes of calls that move bytes. The name of a program tells
 * where the count of moved bytes is found: `value` is the return value (SSL_write,
 * SSL_read), `done3` and `done4` are the third and fourth argument, counted from
 * 0, a `size_t *`: ssl_read_internal and the _ex functions have it third; since
 * 3.2 ssl_write_internal has flags before it, as SSL_write_ex2 always had.
 *
 * Which of two sets is attached depends on the kernel: session_* sees entry and
 * return in one program (6.13), enter_* with `leave` is a pair.
 */
#include "core.bpf.h"

/* kernel 6.13; these programs are not loaded where they are missing */
extern bool bpf_session_is_return(void) __weak __ksym;
extern __u64 *bpf_session_cookie(void) __weak __ksym;

#ifdef bpf_target_x86
#define RETURN_SLOT 8	/* ret has taken the return address off the stack */
#else
#define RETURN_SLOT 0
#endif

#define SSL_CTRL_SET_TLSEXT_HOSTNAME 55	/* tls1.h, all versions */
#define TLSEXT_NAMETYPE_HOST_NAME 0

/* int (SSL *, buf, n, ...): the low half of the return register is the value */
#define RETURNED(ctx) ((s64)(s32)PT_REGS_RC(ctx))

#define CALL_SHAPE_IF(name, what, condition, buf, done) \
	SEC("uprobe") int session_##name(struct pt_regs *ctx) \
	{ \
		u64 *object = bpf_session_cookie(); \
		if (bpf_session_is_return()) \
			return call_leave_session(*object, RETURNED(ctx), what); \
		if (!(condition)) \
			return 1; \
		*object = PT_REGS_PARM1(ctx); \
		return call_enter_session(*object, buf, done, what); \
	} \
	SEC("uprobe") int enter_##name(struct pt_regs *ctx) \
	{ \
		if (!(condition)) \
			return 1; \
		return call_enter(PT_REGS_PARM1(ctx), buf, done, what, PT_REGS_SP(ctx)); \
	}
#define CALL_SHAPE(name, what, buf, done) CALL_SHAPE_IF(name, what, true, buf, done)

#define NAMES_SERVER(ctx) ((u32)PT_REGS_PARM2(ctx) == SSL_CTRL_SET_TLSEXT_HOSTNAME && \
			   PT_REGS_PARM3(ctx) == TLSEXT_NAMETYPE_HOST_NAME && PT_REGS_PARM4(ctx))

CALL_SHAPE(write_value, EVENT_SENT, PT_REGS_PARM2(ctx), 0)
CALL_SHAPE(write_done3, EVENT_SENT, PT_REGS_PARM2(ctx), PT_REGS_PARM4(ctx))
CALL_SHAPE(write_done4, EVENT_SENT, PT_REGS_PARM2(ctx), PT_REGS_PARM5(ctx))
CALL_SHAPE(read_value, EVENT_RECEIVED, PT_REGS_PARM2(ctx), 0)
CALL_SHAPE(read_done3, EVENT_RECEIVED, PT_REGS_PARM2(ctx), PT_REGS_PARM4(ctx))
CALL_SHAPE(shutdown, CALL_SHUTDOWN, 0, 0)
CALL_SHAPE_IF(ctrl, CALL_SERVER_NAME, NAMES_SERVER(ctx), PT_REGS_PARM4(ctx), 0)

SEC("uprobe") int leave(struct pt_regs *ctx)
{
	return call_leave(PT_REGS_SP(ctx) - RETURN_SLOT, RETURNED(ctx));
}

SEC("uprobe") int new_return(struct pt_regs *ctx)
{
	return PT_REGS_RC(ctx) ? conn_born(PT_REGS_RC(ctx)) : 0;
}

SEC("uprobe") int free_object(struct pt_regs *ctx)
{
	return conn_ended(PT_REGS_PARM1(ctx), EVENT_CLOSE_FREE);
}

SEC("uprobe") int clear_object(struct pt_regs *ctx)
{
	return conn_ended(PT_REGS_PARM1(ctx), EVENT_CLOSE_CLEAR);
}

SEC("uprobe") int connect_state(struct pt_regs *ctx)
{
	return conn_role(PT_REGS_PARM1(ctx), EVENT_ROLE_CLIENT);
}

SEC("uprobe") int accept_state(struct pt_regs *ctx)
{
	return conn_role(PT_REGS_PARM1(ctx), EVENT_ROLE_SERVER);
}
