namespace Stave
{
    /// <summary>Figures of a map.</summary>
    public sealed class CowMapStats
    {
        private readonly CowMapStatsData data;

        internal CowMapStats(CowMapStatsData data)
        {
            this.data = data;
        }

        /// <summary>Entries.</summary>
        public long Entries => (long)data.Entries;

        /// <summary>Memory that was there when the map was last copied, or made as a copy: other maps and
        /// cursors may refer to it too.</summary>
        public long SharedBytes => (long)data.SharedBytes;

        /// <summary>Memory that this map alone refers to: all of it when it has no copies.</summary>
        public long OwnBytes => (long)data.OwnBytes;
    }
}
