#!/bin/bash
# Two machines with eight GPUs each, as one run: sbatch docs/slurm.sh. See docs/scale.md.
#SBATCH --job-name=figment
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=32
#SBATCH --time=24:00:00
# SIGTERM two minutes before the time is up: everything is saved. Requeued, the job goes on from there.
#SBATCH --signal=TERM@120
#SBATCH --requeue
#SBATCH --open-mode=append

run=$HOME/runs/faces # on a file system that survives the job; only the first process writes to it
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)

if [ -e "$run/run.json" ]; then
    words=(resume "$run")
else
    words=(train "$HOME/faces" --recipe r3gan-ffhq64 --images 100M --out "$run")
fi

# --shutdown-timeout: how long the processes may take to save before torchrun kills them.
exec srun --kill-on-bad-exit=1 torchrun \
    --nnodes="$SLURM_NNODES" --nproc-per-node=8 \
    --rdzv-id="$SLURM_JOB_ID" --rdzv-backend=c10d --rdzv-endpoint="$head:29500" \
    --shutdown-timeout=90 -m figment "${words[@]}"
