-- statement 0
-- 1: Uuid Session(Tenant)
-- columns: [Text, Uuid]
SELECT "t1"."name", "t1"."list:tickets"
FROM (SELECT "r2"."id" AS "id", "r2"."name" AS "name", "r2"."id" AS "list:tickets"
FROM "team" AS "r2"
WHERE "r2"."tenant_id" = $1) AS "t1"
ORDER BY "t1"."id" ASC LIMIT 20;

-- statement 1, below column 1 of statement 0
-- 1: Uuid Session(Tenant)
-- 2: Uuid Session(User)
-- 3: Boolean Constant(Boolean(true))
-- 4: Text Constant(Text("active"))
-- 5: Text Constant(Text("urgent"))
-- columns: [Uuid, Text, Uuid, Text, Uuid]
SELECT "k2"."k", "t1"."subject", "t3"."id", "t3"."name", "t1"."list:comments"
FROM (SELECT DISTINCT "t4"."list:tickets" AS "k"
FROM (SELECT "t4"."id" AS "o:0", "t4"."list:tickets" AS "list:tickets"
FROM (SELECT "r5"."id" AS "id", "r5"."id" AS "list:tickets"
FROM "team" AS "r5"
WHERE "r5"."tenant_id" = $1) AS "t4"
ORDER BY "t4"."id" ASC LIMIT 20) AS "t4"
WHERE "t4"."list:tickets" IS NOT NULL) AS "k2"
INNER JOIN LATERAL (SELECT "t1"."created_at" AS "o:0", "t1"."id" AS "o:1", "t1"."subject" AS "subject", "t1"."requester_id" AS "requester_id", "t1"."list:comments" AS "list:comments"
FROM (SELECT "r6"."id" AS "id", "r6"."created_at" AS "created_at", "r6"."subject" AS "subject", "r6"."requester_id" AS "requester_id", "r6"."id" AS "list:comments", "r6"."team_id" AS "link:team"
FROM "ticket" AS "r6"
WHERE "r6"."tenant_id" = $1 AND ("r6"."owner_id" = $2 OR EXISTS(SELECT 1
FROM "team_member" AS "r7"
WHERE "r7"."team_id" = "r6"."team_id" AND ("r7"."tenant_id" = $1 AND "r7"."member_id" = $2)) OR ("r6"."requester_id" = $2 OR (EXISTS(SELECT 1
FROM "membership" AS "r8"
WHERE "r8"."tenant_id" = $1 AND "r8"."user_id" = $2 AND ("r8"."on_call" = $3 AND "r8"."status" = $4)) AND "r6"."priority" = $5)))) AS "t1"
WHERE "t1"."link:team" = "k2"."k"
ORDER BY "t1"."created_at" DESC, "t1"."id" DESC LIMIT 10) AS "t1" ON TRUE
LEFT JOIN LATERAL (SELECT "t3"."id" AS "id", "t3"."name" AS "name"
FROM (SELECT "r9"."id" AS "id", "r9"."name" AS "name"
FROM "user" AS "r9"
WHERE "r9"."id" = $2 OR EXISTS(SELECT 1
FROM "membership" AS "r10"
WHERE "r10"."user_id" = "r9"."id" AND ("r10"."tenant_id" = $1 AND "r10"."status" = $4))) AS "t3"
WHERE "t3"."id" = "t1"."requester_id" LIMIT 1) AS "t3" ON TRUE
ORDER BY "k2"."k" ASC, "t1"."o:0" DESC, "t1"."o:1" DESC;

-- statement 2, below column 1 of statement 0
-- 1: Uuid Session(Tenant)
-- 2: Uuid Session(User)
-- 3: Boolean Constant(Boolean(true))
-- 4: Text Constant(Text("active"))
-- 5: Text Constant(Text("urgent"))
-- columns: [Uuid, BigInt]
SELECT "k2"."k", "a8"."o:0"
FROM (SELECT DISTINCT "t6"."list:tickets" AS "k"
FROM (SELECT "t6"."id" AS "o:0", "t6"."list:tickets" AS "list:tickets"
FROM (SELECT "r7"."id" AS "id", "r7"."id" AS "list:tickets"
FROM "team" AS "r7"
WHERE "r7"."tenant_id" = $1) AS "t6"
ORDER BY "t6"."id" ASC LIMIT 20) AS "t6"
WHERE "t6"."list:tickets" IS NOT NULL) AS "k2"
INNER JOIN LATERAL (SELECT COUNT(*) AS "o:0"
FROM (SELECT "r3"."team_id" AS "link:team"
FROM "ticket" AS "r3"
WHERE "r3"."tenant_id" = $1 AND ("r3"."owner_id" = $2 OR EXISTS(SELECT 1
FROM "team_member" AS "r4"
WHERE "r4"."team_id" = "r3"."team_id" AND ("r4"."tenant_id" = $1 AND "r4"."member_id" = $2)) OR ("r3"."requester_id" = $2 OR (EXISTS(SELECT 1
FROM "membership" AS "r5"
WHERE "r5"."tenant_id" = $1 AND "r5"."user_id" = $2 AND ("r5"."on_call" = $3 AND "r5"."status" = $4)) AND "r3"."priority" = $5)))) AS "t1"
WHERE "t1"."link:team" = "k2"."k") AS "a8" ON TRUE;

-- statement 3, below column 4 of statement 1
-- 1: Uuid Session(Tenant)
-- 2: Uuid Session(User)
-- 3: Boolean Constant(Boolean(true))
-- 4: Text Constant(Text("active"))
-- 5: Text Constant(Text("urgent"))
-- columns: [Uuid, Text]
SELECT "k2"."k", "t1"."body"
FROM (SELECT DISTINCT "t3"."list:comments" AS "k"
FROM (SELECT DISTINCT "t4"."list:tickets" AS "k"
FROM (SELECT "t4"."id" AS "o:0", "t4"."list:tickets" AS "list:tickets"
FROM (SELECT "r5"."id" AS "id", "r5"."id" AS "list:tickets"
FROM "team" AS "r5"
WHERE "r5"."tenant_id" = $1) AS "t4"
ORDER BY "t4"."id" ASC LIMIT 20) AS "t4"
WHERE "t4"."list:tickets" IS NOT NULL) AS "k6"
INNER JOIN LATERAL (SELECT "t3"."created_at" AS "o:0", "t3"."id" AS "o:1", "t3"."list:comments" AS "list:comments"
FROM (SELECT "r7"."id" AS "id", "r7"."created_at" AS "created_at", "r7"."id" AS "list:comments", "r7"."team_id" AS "link:team"
FROM "ticket" AS "r7"
WHERE "r7"."tenant_id" = $1 AND ("r7"."owner_id" = $2 OR EXISTS(SELECT 1
FROM "team_member" AS "r8"
WHERE "r8"."team_id" = "r7"."team_id" AND ("r8"."tenant_id" = $1 AND "r8"."member_id" = $2)) OR ("r7"."requester_id" = $2 OR (EXISTS(SELECT 1
FROM "membership" AS "r9"
WHERE "r9"."tenant_id" = $1 AND "r9"."user_id" = $2 AND ("r9"."on_call" = $3 AND "r9"."status" = $4)) AND "r7"."priority" = $5)))) AS "t3"
WHERE "t3"."link:team" = "k6"."k"
ORDER BY "t3"."created_at" DESC, "t3"."id" DESC LIMIT 10) AS "t3" ON TRUE
WHERE "t3"."list:comments" IS NOT NULL) AS "k2"
INNER JOIN LATERAL (SELECT "t1"."id" AS "o:0", "t1"."body" AS "body"
FROM (SELECT "r10"."id" AS "id", "r10"."body" AS "body", "r10"."ticket_id" AS "link:ticket"
FROM "comment" AS "r10"
WHERE "r10"."tenant_id" = $1 AND EXISTS(SELECT 1
FROM "ticket" AS "r11"
WHERE "r11"."id" = "r10"."ticket_id" AND ("r11"."tenant_id" = $1 AND ("r11"."owner_id" = $2 OR EXISTS(SELECT 1
FROM "team_member" AS "r12"
WHERE "r12"."team_id" = "r11"."team_id" AND ("r12"."tenant_id" = $1 AND "r12"."member_id" = $2)) OR ("r11"."requester_id" = $2 OR (EXISTS(SELECT 1
FROM "membership" AS "r13"
WHERE "r13"."tenant_id" = $1 AND "r13"."user_id" = $2 AND ("r13"."on_call" = $3 AND "r13"."status" = $4)) AND "r11"."priority" = $5)))))) AS "t1"
WHERE "t1"."link:ticket" = "k2"."k"
ORDER BY "t1"."id" ASC LIMIT 5) AS "t1" ON TRUE
ORDER BY "k2"."k" ASC, "t1"."o:0" ASC;

