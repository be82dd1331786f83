import { Typography } from '@mui/material';
import { Part } from '../part.tsx';
import { PrintedText } from './printed-text.tsx';
import { useJobOutput, type ShownOutput } from './use-job-output.ts';

/** What a job prints, as far as the service behind the page has it. @param next who gets it from there */
export const JobOutput = ({ job, next }: { job: string; next: 'facilitator' | 'validator' }) => {
  const output = useJobOutput(job);
  return (
    <Part title="What it prints">
      {output?.isKept ? (
        <PrintedText printed={output.printed} hasEnded={output.hasEnded} says={sentenceOf(output, next)} />
      ) : (
        <Typography role="status" variant="body2">
          {output ? `Its ${next} has not asked for what it prints: nothing of it is kept here.` : 'Loading …'}
        </Typography>
      )}
    </Part>
  );
};

function sentenceOf({ hasEnded }: ShownOutput, next: string): string {
  if (!hasEnded) return 'Shown as it is printed.';
  return `The job prints no more. Once its ${next} has all of it, nothing of it is kept here.`;
}
