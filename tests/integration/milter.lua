-- milter.lua - a mail server that does everything in odd orders, for miltertest(8)
--
-- miltertest -D socket=ADDRESS -D name=PREFIX -s milter.lua; t_miltertest.sh starts it, with a filter that
-- judges by the first word of the subject. Each message has a Message-ID of its own ("PREFIX-WHAT@a.example"):
-- who starts it looks for the reports afterwards. What is wrong ends it with a sentence.

mt.set_timeout(60)

-- miltertest shows no error messages.
local function need(value, what)
	if not value then
		mt.echo(what)
		os.exit(1)
	end
end

local function fine(result, what)
	need(result == nil, what .. ": " .. tostring(result))
end

local function open(ip)
	local conn = mt.connect(socket, 20, 0.1)
	need(conn, "cannot connect to " .. socket)
	if ip then
		fine(mt.conninfo(conn, "client.example", ip), "conninfo")
		fine(mt.helo(conn, "first.example"), "helo")
	end
	return conn
end

-- Up to the headers; opts: sender, rcpts, queue, more ({name, value} ...), body
local function begin(conn, what, subject, opts)
	fine(mt.macro(conn, SMFIC_MAIL, "i", opts.queue or what), what .. ": macro")
	fine(mt.mailfrom(conn, opts.sender or "<s@a.example>"), what .. ": mailfrom")
	for _, rcpt in ipairs(opts.rcpts or { "<r@b.example>" }) do
		fine(mt.rcptto(conn, rcpt), what .. ": rcptto")
	end
	fine(mt.data(conn), what .. ": data")
	fine(mt.header(conn, "From", " a@a.example"), what .. ": header")
	fine(mt.header(conn, "Message-ID", " <" .. name .. "-" .. what .. "@a.example>"), what .. ": header")
	fine(mt.header(conn, "Subject", " " .. subject), what .. ": header")
	for _, row in ipairs(opts.more or {}) do
		fine(mt.header(conn, row[1], row[2]), what .. ": header " .. row[1])
	end
end

local function finish(conn, what, opts)
	fine(mt.eoh(conn), what .. ": eoh")
	for _, text in ipairs(opts.body or { "text\r\n" }) do
		fine(mt.bodystring(conn, text), what .. ": body")
	end
	fine(mt.eom(conn), what .. ": eom")
end

local function message(conn, what, subject, opts)
	begin(conn, what, subject, opts or {})
	finish(conn, what, opts or {})
end

local function is_reply(conn, wanted, what)
	local got = mt.getreply(conn)
	need(got == wanted, what .. ": the reply is " .. string.char(got) .. ", not " .. string.char(wanted))
end

local function accepted(conn, what)
	local got = mt.getreply(conn)
	need(got == SMFIR_ACCEPT or got == SMFIR_CONTINUE, what .. ": not accepted but " .. string.char(got))
end

-- Every answer, and what is done to the message. (What an SMTP reply says cannot be asked here.)
local conn = open("192.0.2.1")
message(conn, "accept", "accept this")
accepted(conn, "accept")
need(not mt.eom_check(conn, MT_HDRINSERT) and not mt.eom_check(conn, MT_HDRADD), "accept adds a header")
message(conn, "tag", "tag this", { more = { { "X-Assay-Verdict", " clean" }, { "x-assay-verdict", " again" } } })
accepted(conn, "tag")
need(mt.eom_check(conn, MT_HDRINSERT, "X-Assay-Verdict", " tag; rule=tags"), "tag adds no verdict")
need(mt.eom_check(conn, MT_HDRINSERT, "X-Found", " 100% tag this"), "tag adds not the rule's header")
need(mt.eom_check(conn, MT_HDRDELETE, "X-Assay-Verdict"), "a forged header stays")
message(conn, "quarantine", "quarantine this")
accepted(conn, "quarantine")
need(mt.eom_check(conn, MT_QUARANTINE), "quarantine holds nothing")
message(conn, "reject", "reject this")
is_reply(conn, SMFIR_REPLYCODE, "reject")
message(conn, "tempfail", "tempfail this")
is_reply(conn, SMFIR_REPLYCODE, "tempfail")
message(conn, "discard", "discard this")
is_reply(conn, SMFIR_DISCARD, "discard")
-- The reply of the one is not that of the next.
message(conn, "after", "accept this")
accepted(conn, "after")
mt.disconnect(conn)

-- A null sender first: the next message of the connection is judged all the same.
conn = open("2001:db8::1")
message(conn, "null", "accept this", { sender = "<>" })
accepted(conn, "null")
message(conn, "not-null", "reject this")
is_reply(conn, SMFIR_REPLYCODE, "not-null")
message(conn, "null-again", "reject this", { sender = "<>" })
is_reply(conn, SMFIR_REPLYCODE, "null-again")
mt.disconnect(conn)

-- Given up at each stage, twice, then a whole one: nothing of the others is in it.
conn = open("192.0.2.2")
local stages = { "mail", "rcpt", "header", "eoh", "body" }
for i, stage in ipairs(stages) do
	fine(mt.mailfrom(conn, "<given-up@a.example>"), "mailfrom")
	if i > 1 then fine(mt.rcptto(conn, "<given-up@b.example>"), "rcptto") end
	if i > 2 then fine(mt.header(conn, "X-Given-Up", " yes"), "header") end
	if i > 3 then fine(mt.eoh(conn), "eoh") end
	if i > 4 then fine(mt.bodystring(conn, "given up\r\n"), "body") end
	fine(mt.abort(conn), "abort")
	if i % 2 == 0 then fine(mt.abort(conn), "abort again") end
	message(conn, "whole-" .. stage, "reject this")
	is_reply(conn, SMFIR_REPLYCODE, "after an abort at " .. stage)
end
mt.disconnect(conn)

-- Left without a word at each stage; a probe of the port; nothing said at all.
for i, stage in ipairs(stages) do
	conn = open("192.0.2.3")
	fine(mt.mailfrom(conn, "<given-up@a.example>"), "mailfrom")
	if i > 1 then fine(mt.rcptto(conn, "<given-up@b.example>"), "rcptto") end
	if i > 2 then fine(mt.header(conn, "X-Given-Up", " yes"), "header") end
	if i > 3 then fine(mt.eoh(conn), "eoh") end
	if i > 4 then fine(mt.bodystring(conn, "given up\r\n"), "body") end
	mt.disconnect(conn, false)
end
conn = open()
mt.disconnect(conn, false)
conn = open("192.0.2.4")
mt.disconnect(conn, false)
conn = open("192.0.2.4")
mt.disconnect(conn)

-- Two greetings, a client from nowhere.
conn = open("unspec")
fine(mt.helo(conn, "second.example"), "second helo")
message(conn, "greeted", "tag this")
accepted(conn, "greeted")
fine(mt.helo(conn, "third.example"), "third helo")
message(conn, "greeted-again", "reject this")
is_reply(conn, SMFIR_REPLYCODE, "greeted-again")
mt.disconnect(conn)

-- Many recipients; header lines of all kinds; no header lines and no body to speak of; large ones.
conn = open("192.0.2.5")
local many = {}
for i = 1, 1000 do many[i] = "<r" .. i .. "@b.example>" end
message(conn, "many", "reject this", { rcpts = many })
is_reply(conn, SMFIR_REPLYCODE, "many")
message(conn, "headers", "reject this", { more = { { "X-Empty", "" }, { "X-High", " \228\246\252" },
	{ "X-Folded", " one\n\ttwo\n three" }, { "X-Long", " " .. string.rep("long ", 180) }, { "X", "\r" } } })
is_reply(conn, SMFIR_REPLYCODE, "headers")
message(conn, "no-body", "reject this", { body = {} })
is_reply(conn, SMFIR_REPLYCODE, "no-body")
local chunks = {}
for i = 1, 100 do chunks[i] = string.rep("0123456789abcdef\r\n", 3600) end
message(conn, "large", "reject this", { body = chunks })
is_reply(conn, SMFIR_REPLYCODE, "large")
mt.disconnect(conn)

-- A server that allows little: nothing that it did not offer is done to it; a command nobody knows.
conn = mt.connect(socket, 20, 0.1)
fine(mt.negotiate(conn, 2, SMFIF_ADDHDRS, 0), "negotiate version 2")
fine(mt.conninfo(conn, "client.example", "192.0.2.6"), "conninfo")
fine(mt.helo(conn, "first.example"), "helo")
fine(mt.unknown(conn, "XYZZY 1 2 3"), "unknown")
message(conn, "old", "quarantine this")
need(not mt.eom_check(conn, MT_QUARANTINE), "held, although it was not offered")
is_reply(conn, SMFIR_REPLYCODE, "a hold that cannot be done")
message(conn, "old-reject", "reject this")
is_reply(conn, SMFIR_REPLYCODE, "old-reject")
mt.disconnect(conn)

-- Macros that say nothing or nonsense cost nobody the session.
conn = mt.connect(socket, 20, 0.1)
fine(mt.macro(conn, SMFIC_CONNECT, "j", "", "{client_port}", "no number", "{daemon_name}", "a\27b", "", "", "x", "y"), "macro")
fine(mt.conninfo(conn, "client.example", "192.0.2.7"), "conninfo")
fine(mt.macro(conn, SMFIC_HELO, "{tls_version}", "", "{cipher_bits}", "many", "{verify}", "?"), "macro")
fine(mt.helo(conn, "first.example"), "helo")
message(conn, "macros", "reject this")
is_reply(conn, SMFIR_REPLYCODE, "macros")
mt.disconnect(conn)
