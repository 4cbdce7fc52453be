"""Is this feed right? Every rule with its severity and source; ours and anybody else's feed."""
