DROP TRIGGER casino_rig_promised ON casino_rig;
-- next
DROP FUNCTION casino_guard_rig();
-- next
DROP TRIGGER casino_storyround_given ON casino_storyround;
-- next
DROP FUNCTION casino_guard_story();
