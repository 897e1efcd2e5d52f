-- statement 0
-- 1: Text Constant(Text("new"))
-- 2: Text Constant(Text("open"))
-- 3: Uuid Session(Tenant)
-- 4: Uuid Session(User)
-- 5: Boolean Constant(Boolean(true))
-- 6: Text Constant(Text("active"))
-- 7: Text Constant(Text("urgent"))
-- columns: [Text, Text, Uuid, Uuid]
SELECT "t1"."subject", "t1"."internal_note", "t1"."list:comments", "t1"."id"
FROM (SELECT "r2"."id" AS "id", "r2"."subject" AS "subject", (CASE WHEN ("r2"."status" IN ($1, $2)) THEN "r2"."internal_note" END) AS "internal_note", "r2"."id" AS "list:comments"
FROM "ticket" AS "r2"
WHERE "r2"."tenant_id" = $3 AND ("r2"."owner_id" = $4 OR EXISTS(SELECT 1
FROM "team_member" AS "r3"
WHERE "r3"."team_id" = "r2"."team_id" AND ("r3"."tenant_id" = $3 AND "r3"."member_id" = $4)) OR ("r2"."requester_id" = $4 OR (EXISTS(SELECT 1
FROM "membership" AS "r4"
WHERE "r4"."tenant_id" = $3 AND "r4"."user_id" = $4 AND ("r4"."on_call" = $5 AND "r4"."status" = $6)) AND "r2"."priority" = $7)))) AS "t1"
ORDER BY "t1"."id" DESC LIMIT 6;

-- statement 1, below column 2 of statement 0
-- 1: Uuid Session(Tenant)
-- 2: Uuid Session(User)
-- 3: Boolean Constant(Boolean(true))
-- 4: Text Constant(Text("active"))
-- 5: Text Constant(Text("urgent"))
-- columns: [Uuid, Text, Boolean]
SELECT "k2"."k", "t1"."body", "t1"."internal"
FROM (SELECT DISTINCT "t3"."list:comments" AS "k"
FROM (SELECT "t3"."id" AS "o:0", "t3"."list:comments" AS "list:comments"
FROM (SELECT "r4"."id" AS "id", "r4"."id" AS "list:comments"
FROM "ticket" AS "r4"
WHERE "r4"."tenant_id" = $1 AND ("r4"."owner_id" = $2 OR EXISTS(SELECT 1
FROM "team_member" AS "r5"
WHERE "r5"."team_id" = "r4"."team_id" AND ("r5"."tenant_id" = $1 AND "r5"."member_id" = $2)) OR ("r4"."requester_id" = $2 OR (EXISTS(SELECT 1
FROM "membership" AS "r6"
WHERE "r6"."tenant_id" = $1 AND "r6"."user_id" = $2 AND ("r6"."on_call" = $3 AND "r6"."status" = $4)) AND "r4"."priority" = $5)))) AS "t3"
ORDER BY "t3"."id" DESC LIMIT 5) AS "t3"
WHERE "t3"."list:comments" IS NOT NULL) AS "k2"
INNER JOIN LATERAL (SELECT "t1"."id" AS "o:0", "t1"."body" AS "body", "t1"."internal" AS "internal"
FROM (SELECT "r7"."id" AS "id", "r7"."body" AS "body", "r7"."internal" AS "internal", "r7"."ticket_id" AS "link:ticket"
FROM "comment" AS "r7"
WHERE "r7"."tenant_id" = $1 AND EXISTS(SELECT 1
FROM "ticket" AS "r8"
WHERE "r8"."id" = "r7"."ticket_id" AND ("r8"."tenant_id" = $1 AND ("r8"."owner_id" = $2 OR EXISTS(SELECT 1
FROM "team_member" AS "r9"
WHERE "r9"."team_id" = "r8"."team_id" AND ("r9"."tenant_id" = $1 AND "r9"."member_id" = $2)) OR ("r8"."requester_id" = $2 OR (EXISTS(SELECT 1
FROM "membership" AS "r10"
WHERE "r10"."tenant_id" = $1 AND "r10"."user_id" = $2 AND ("r10"."on_call" = $3 AND "r10"."status" = $4)) AND "r8"."priority" = $5)))))) AS "t1"
WHERE "t1"."link:ticket" = "k2"."k"
ORDER BY "t1"."id" ASC LIMIT 30) AS "t1" ON TRUE
ORDER BY "k2"."k" ASC, "t1"."o:0" ASC;

