-- statement 0
-- 1: Text Constant(Text("%fire%"))
-- 2: Uuid Session(Tenant)
-- 3: Boolean Constant(Boolean(false))
-- 4: Uuid Session(User)
-- 5: Boolean Constant(Boolean(true))
-- 6: Text Constant(Text("active"))
-- 7: Text Constant(Text("urgent"))
-- 8: Int Constant(Int(2))
-- columns: [Text]
SELECT "t1"."subject"
FROM (SELECT "r12"."id" AS "id", "r12"."subject" AS "subject", "r12"."id" AS "list:comments"
FROM "ticket" AS "r12"
WHERE "r12"."tenant_id" = ?2 AND ("r12"."owner_id" = ?4 OR EXISTS(SELECT 1
FROM "team_member" AS "r13"
WHERE "r13"."team_id" = "r12"."team_id" AND ("r13"."tenant_id" = ?2 AND "r13"."member_id" = ?4)) OR ("r12"."requester_id" = ?4 OR (EXISTS(SELECT 1
FROM "membership" AS "r14"
WHERE "r14"."tenant_id" = ?2 AND "r14"."user_id" = ?4 AND ("r14"."on_call" = ?5 AND "r14"."status" = ?6)) AND "r12"."priority" = ?7))) LIMIT 9223372036854775807) AS "t1"
WHERE EXISTS(SELECT 1
FROM (SELECT "r3"."body" AS "body", "r3"."ticket_id" AS "link:ticket"
FROM "comment" AS "r3"
WHERE "r3"."tenant_id" = ?2 AND ("r3"."internal" = ?3 AND EXISTS(SELECT 1
FROM "ticket" AS "r4"
WHERE "r4"."id" = "r3"."ticket_id" AND ("r4"."tenant_id" = ?2 AND ("r4"."owner_id" = ?4 OR EXISTS(SELECT 1
FROM "team_member" AS "r5"
WHERE "r5"."team_id" = "r4"."team_id" AND ("r5"."tenant_id" = ?2 AND "r5"."member_id" = ?4)) OR ("r4"."requester_id" = ?4 OR (EXISTS(SELECT 1
FROM "membership" AS "r6"
WHERE "r6"."tenant_id" = ?2 AND "r6"."user_id" = ?4 AND ("r6"."on_call" = ?5 AND "r6"."status" = ?6)) AND "r4"."priority" = ?7)))))) AND "r3"."ticket_id" = "t1"."list:comments" LIMIT 9223372036854775807) AS "t2"
WHERE "t2"."link:ticket" = "t1"."list:comments" AND "t2"."body" LIKE ?1 ESCAPE '\') AND (SELECT COUNT(*)
FROM (SELECT "r8"."ticket_id" AS "link:ticket"
FROM "comment" AS "r8"
WHERE "r8"."tenant_id" = ?2 AND ("r8"."internal" = ?3 AND EXISTS(SELECT 1
FROM "ticket" AS "r9"
WHERE "r9"."id" = "r8"."ticket_id" AND ("r9"."tenant_id" = ?2 AND ("r9"."owner_id" = ?4 OR EXISTS(SELECT 1
FROM "team_member" AS "r10"
WHERE "r10"."team_id" = "r9"."team_id" AND ("r10"."tenant_id" = ?2 AND "r10"."member_id" = ?4)) OR ("r9"."requester_id" = ?4 OR (EXISTS(SELECT 1
FROM "membership" AS "r11"
WHERE "r11"."tenant_id" = ?2 AND "r11"."user_id" = ?4 AND ("r11"."on_call" = ?5 AND "r11"."status" = ?6)) AND "r9"."priority" = ?7))))))) AS "t7"
WHERE "t7"."link:ticket" = "t1"."list:comments") >= ?8
ORDER BY "t1"."id" ASC LIMIT 30;

